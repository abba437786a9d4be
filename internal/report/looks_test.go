package report

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/internal/browser"
)

// wide finds the tables that are wider than their box, and tells of those that do not
// show it.
const wide = `(() => {
  const all = [...document.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth + 1);
  return {count: all.length, silent: all.filter(e => !getComputedStyle(e).backgroundImage.includes("gradient")).map(e => e.getAttribute("aria-label")),
    lost: [...document.querySelectorAll("table")].filter(e => !e.closest(".scroll[tabindex]")).length};
})()`

// Nothing on the page overlaps, is cut off or too faint, on a desk and on a phone, by day
// and by night; tables that are wider than a phone show it, and scroll by the keyboard.
// With REPORT_PICTURES set to a folder, pictures of what was looked at are written there.
func TestLooks(t *testing.T) {
	t.Parallel()
	long := sample(t)
	long.Curves = append(long.Curves, trainings("full networks", 9)...)
	p := browser.Start(t, 1280, 800)
	for name, r := range map[string]*Report{"run": long, "seeds": rounds(), "empty": {Title: "Nothing yet"}} {
		path := filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(path, []byte(render(t, r)), 0o666); err != nil {
			t.Fatal(err)
		}
		p.Open("file://" + path)
		p.Wait(fmt.Sprintf(`document.title === %q && document.readyState === "complete"`, r.Title))
		for _, width := range []int{1280, 390} {
			for _, dark := range []bool{false, true} {
				p.Size(width, 800)
				p.Dark(dark)
				look := fmt.Sprintf("%s-%d-%t", name, width, dark)
				if dir := os.Getenv("REPORT_PICTURES"); dir != "" {
					p.Picture(filepath.Join(dir, look+".png"))
				}
				for _, fault := range append(p.Faults(), p.Unreached()...) {
					t.Errorf("%s: %s", look, fault)
				}
				var tables struct {
					Count, Lost int
					Silent      []string
				}
				p.Eval(wide, &tables)
				if len(tables.Silent) > 0 || tables.Lost > 0 || name == "run" && width == 390 && tables.Count < 4 {
					t.Errorf("%s: tables that scroll: %+v", look, tables)
				}
			}
		}
	}
	for _, line := range p.Console() {
		t.Errorf("the console says %s", line)
	}
}
