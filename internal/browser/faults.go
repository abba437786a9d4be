package browser

// faults lists what is wrong with how a page looks: texts whose contrast is below 4.5 to 1
// (w3.org/TR/WCAG22, 1.4.3), a page that is wider than its window, texts that are cut
// off or lie over each other.
const faults = `(() => {
  const out = [];
  const channels = c => (c.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  if (document.documentElement.scrollWidth > innerWidth) out.push("the page is " + document.documentElement.scrollWidth + " pixels wide in " + innerWidth);
  const boxes = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("script, style, datalist, [hidden]") || e instanceof SVGElement) continue;
    const own = [...e.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim()).map(n => n.textContent.trim()).join(" ");
    const style = getComputedStyle(e);
    if (!own || style.visibility === "hidden" || e.getClientRects().length === 0) continue;
    const a = luminance(channels(style.color)), b = luminance(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5 && !e.disabled) out.push(JSON.stringify(own.slice(0, 40)) + " has a contrast of " + ratio.toFixed(2));
    if (style.overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1) out.push(JSON.stringify(own.slice(0, 40)) + " is cut off");
    for (const n of e.childNodes) {
      if (n.nodeType !== 3 || !n.textContent.trim()) continue;
      const range = document.createRange(); range.selectNodeContents(n);
      for (const r of range.getClientRects()) if (r.width > 1 && r.height > 1) boxes.push({r, text: own.slice(0, 40)});
    }
  }
  for (let i = 0; i < boxes.length && i < 1500; i++) for (let k = i + 1; k < boxes.length && k < 1500; k++) {
    const x = boxes[i].r, y = boxes[k].r;
    const w = Math.min(x.right, y.right) - Math.max(x.left, y.left), h = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
    if (w > 2 && h > 0.4 * Math.min(x.height, y.height)) out.push(JSON.stringify(boxes[i].text) + " lies over " + JSON.stringify(boxes[k].text));
  }
  return out.slice(0, 20);
})()`

// Faults returns what is wrong with how the page looks now: low contrast, texts that are
// cut off or overlap, a page that is wider than its window.
func (p *Page) Faults() (list []string) {
	p.t.Helper()
	p.Eval(faults, &list)
	return list
}

// focused tells which of the controls that can be seen has the focus, -1 for none, and
// whether it shows that.
const focused = `(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const all = [...document.querySelectorAll("button, input, a[href], select, summary, [tabindex=\"0\"]")].filter(x => !x.closest("[hidden]") && !x.disabled && x.getClientRects().length > 0);
  return {at: all.indexOf(e), seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    all: all.map(x => x.tagName.toLowerCase() + (x.id ? "#" + x.id : "") + " " + (x.getAttribute("aria-label") || x.textContent || "").trim())};
})()`

// Unreached presses Tab until it has been around, and returns the controls that did not
// get the focus or did not show it.
func (p *Page) Unreached() (list []string) {
	p.t.Helper()
	p.Eval("document.activeElement.blur()", nil)
	var now struct {
		At   int
		Seen bool
		All  []string
	}
	p.Eval(focused, &now)
	reached := map[int]bool{}
	for range 2*len(now.All) + 2 { // the frames of the browser may come in between
		p.Press("Tab")
		p.Eval(focused, &now)
		if now.At < 0 || reached[now.At] {
			continue
		}
		reached[now.At] = true
		if !now.Seen {
			list = append(list, now.All[now.At]+" does not show its focus")
		}
	}
	for i, name := range now.All {
		if !reached[i] {
			list = append(list, name+" is not reached by Tab")
		}
	}
	return list
}
