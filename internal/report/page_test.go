package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*Report{"demo": sample(t), "rounds": rounds()} {
		path := filepath.Join("testdata", name+".html.golden")
		got := render(t, r)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the page changed; look at it and run go test -update", path)
		}
	}
}

// element is a start tag or a text of the page with the names and classes
// above it.
type element struct {
	start *xml.StartElement
	text  string
	above []string
}

func (e element) under(name string) bool {
	for _, a := range e.above {
		if a == name {
			return true
		}
	}
	return false
}

func attribute(s *xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements parses a page. The page is written so that an XML parser that knows
// HTML's void elements can read it.
func elements(t *testing.T, page string) []element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	var out []element
	var above []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if len(above) != 0 {
				t.Fatalf("the page ends inside %v", above)
			}
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			token = token.Copy()
			out = append(out, element{start: &token, above: append([]string(nil), above...)})
			above = append(above, token.Name.Local+"."+attribute(&token, "class"))
		case xml.EndElement:
			above = above[:len(above)-1]
		case xml.CharData:
			out = append(out, element{text: string(token), above: append([]string(nil), above...)})
		}
	}
}

// contents collects the numbers and strings of a JSON value.
func contents(v any, numbers map[float64]bool, text *[]string) {
	switch v := v.(type) {
	case float64:
		numbers[v] = true
	case string:
		*text = append(*text, v)
	case []any:
		for _, e := range v {
			contents(e, numbers, text)
		}
	case map[string]any:
		for _, e := range v {
			contents(e, numbers, text)
		}
	}
}

func TestEveryFigureIsInTheJSON(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*Report{"demo": sample(t), "rounds": rounds()} {
		page := elements(t, render(t, r))
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		numbers := map[float64]bool{}
		var text []string
		contents(v, numbers, &text)
		all := strings.Join(text, "\n")

		figures := 0
		for _, e := range page {
			switch {
			case e.start != nil && e.start.Name.Local == "data":
				figures++
				value, err := strconv.ParseFloat(attribute(e.start, "value"), 64)
				if err != nil || !numbers[value] {
					t.Errorf("%s: figure %q is not in the JSON", name, attribute(e.start, "value"))
				}
			case e.start != nil, e.under("data."), e.under("style."), e.under("script."),
				e.under("g.ticks"), e.under("svg.ticks"): // the scale of a drawing
			default:
				for _, word := range strings.Fields(e.text) {
					if word != "SHA-256" && strings.ContainsFunc(word, unicode.IsDigit) && !strings.Contains(all, word) {
						t.Errorf("%s: %q is shown and not in the JSON", name, word)
					}
				}
			}
		}
		if figures < 10 {
			t.Errorf("%s: only %d figures on the page", name, figures)
		}
	}
}

func TestPageHasTheAcceptedNumbers(t *testing.T) {
	t.Parallel()
	page := render(t, sample(t))
	for _, want := range []string{
		"selector", "fused, before fine-tuning", "fused, fine-tuned", "dense, from scratch", "fused, random labels",
		`<data value="0.801">80.1`, `<data value="272186">272,186</data>`, `<data value="31070000">31.07 M</data>`,
		`<data value="8.4">8.4 s</data>`, "one training run each",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if multi := render(t, rounds()); !strings.Contains(multi, `n = <data value="1">1</data>`) {
		t.Error("the page does not say that a series has one seed")
	}
}

func TestSectionsWithoutDataAreLeftOut(t *testing.T) {
	t.Parallel()
	page := render(t, &Report{Title: "Nothing yet"})
	for _, heading := range []string{"Before and after", "Accuracy", "Cost", "Training", "Kept channels", "Selected images"} {
		if strings.Contains(page, "<h2>"+heading) {
			t.Errorf("an empty section %q", heading)
		}
	}
	if strings.Contains(page, `class="tiles"`) {
		t.Error("tiles without figures")
	}
}

// loads fails the test if the page can reach for anything but itself.
func loads(t *testing.T, page string) {
	t.Helper()
	scripts := 0
	for _, e := range elements(t, page) {
		if e.start == nil {
			continue
		}
		switch name := e.start.Name.Local; name {
		case "link", "iframe", "object", "embed", "base", "form", "use", "video", "audio", "a":
			t.Errorf("element %s", name)
		case "script":
			scripts++
			if attribute(e.start, "type") != "application/json" {
				t.Errorf("script of type %q", attribute(e.start, "type"))
			}
		}
		for _, a := range e.start.Attr {
			switch key := a.Name.Local; {
			case key == "src" && strings.HasPrefix(a.Value, "data:image/png;base64,"):
			case key == "src", key == "href", key == "srcset", strings.HasPrefix(key, "on"):
				t.Errorf("%s has %s=%q", e.start.Name.Local, key, a.Value)
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%d script elements, want the one with the data", scripts)
	}
	if regexp.MustCompile(`url\(|@import`).MatchString(style) {
		t.Error("the style sheet loads something")
	}
	if !strings.Contains(page, `content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`) {
		t.Error("no content security policy")
	}
}

func TestPageLoadsNothing(t *testing.T) {
	t.Parallel()
	page := render(t, sample(t))
	loads(t, page)
	if strings.Contains(page, "://") {
		t.Error("an address in the page")
	}
}

func TestHostileNamesAreEscaped(t *testing.T) {
	t.Parallel()
	r := sample(t)
	evil := `</script></title></style>"'><img src=https://example.org/x onerror=alert(1)><script>alert(1)</script>` + "\u2028{{.}}"
	r.Title, r.Verdict, r.Command, r.Version, r.TestSet = evil, evil, evil, evil, evil
	r.Models[0].File, r.Models[0].Role, r.Models[0].SHA256 = evil, evil, evil
	r.Accuracies[0].Name, r.CostRatio.Basis, r.Ledger[0].Module, r.Ledger[0].Network = evil, evil, evil, evil
	r.Layers[0].Name, r.Selection.Strategy, r.Curves[0].Name = evil, evil, evil
	thumb := &r.Selection.Thumbs[0]
	thumb.ID, thumb.Predicted, thumb.Label, thumb.PNG = evil, evil, evil, []byte("<svg onload=alert(1)>")
	r.Config[0], r.Notes[0], r.Inputs[0].Name = Setting{evil, evil}, evil, evil
	r.Series = []Series{{Name: evil, Points: []Point{{Labels: 1, Accuracy: 0.1}, {Labels: 2, Accuracy: 0.2}}}}
	page := render(t, r)
	loads(t, page)

	var back Report
	_, after, _ := strings.Cut(page, `<script type="application/json" id="report">`)
	data, _, _ := strings.Cut(after, "</script>")
	if err := json.Unmarshal([]byte(data), &back); err != nil {
		t.Fatalf("the embedded data: %v", err)
	}
	if back.Title != evil {
		t.Errorf("the embedded title became %q", back.Title)
	}
}

// WCAG 2.2 asks for 4.5 between text and its background and for 3 between a
// drawing and its background.
func TestContrast(t *testing.T) {
	t.Parallel()
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, -1)
	if len(schemes) != 3 {
		t.Fatalf("%d colour schemes, want light, dark and print", len(schemes))
	}
	variable := regexp.MustCompile(`--(\w+): (#[0-9a-f]+);`)
	for _, scheme := range schemes {
		colours := map[string]float64{}
		for _, v := range variable.FindAllStringSubmatch(scheme[1], -1) {
			colours[v[1]] = luminance(t, v[2])
		}
		atLeast := func(fore, back string, want float64) {
			lo, hi := min(colours[fore], colours[back]), max(colours[fore], colours[back])
			if got := (hi + 0.05) / (lo + 0.05); got < want {
				t.Errorf("%s on %s has contrast %.2f, want %v", fore, back, got, want)
			}
		}
		for _, back := range []string{"page", "sheet", "tint"} {
			atLeast("ink", back, 4.5)
			atLeast("soft", back, 4.5)
			atLeast("accent", back, 4.5)
		}
		for _, s := range []string{"s1", "s2", "s3", "s4", "s5", "s6"} {
			atLeast(s, "sheet", 3)
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = hex[1:]
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
