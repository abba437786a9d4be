package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/term"
)

//go:embed *.html.tmpl
var templates embed.FS

//go:embed style.css
var style string

var page = template.Must(template.New("page.html.tmpl").Funcs(template.FuncMap{
	"count":   func(n any) (figure, error) { return whole(n, term.Count) },
	"macs":    func(n any) (figure, error) { return whole(n, term.MACs) },
	"bytes":   func(n any) (figure, error) { return whole(n, term.Bytes) },
	"seconds": func(x float64) figure { return figure{exact(x), duration(x)} },
	"ratio":   func(x float64) figure { return figure{exact(x), term.Ratio(x)} },
	"percent": func(x float64) figure { return figure{exact(x), percent(x)} },
	"level":   func(x float64) figure { return figure{exact(x), fmt.Sprintf("%.0f\u202f%%", 100*x)} },
	"points":  func(x float64) figure { return figure{exact(x), fmt.Sprintf("%.1f", 100*x)} },
	"signed":  func(x float64) figure { return figure{exact(x), signed(x)} },
	"score": func(x float64) figure {
		return figure{exact(x), strings.ReplaceAll(strconv.FormatFloat(x, 'g', 2, 64), "-", "−")}
	},
	"loss":    func(x float64) figure { return figure{exact(x), fmt.Sprintf("%.3f", x)} },
	"rate":    func(x float64) figure { return figure{exact(x), strconv.FormatFloat(x, 'g', 3, 64)} },
	"share":   func(x float64) string { return fmt.Sprintf("%.2f%%", 100*x) },
	"dataURI": dataURI,
	"strip":   strip,
	"last":    last,
	"bars":    bars,
	"of":      func(n, all int) float64 { return ratio(float64(n), float64(all)) },
	"fewer":   fewer,
}).ParseFS(templates, "*.html.tmpl"))

// figure is a number of the report as the page shows it.
type figure struct{ Value, Text string }

func exact(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func whole(n any, format func(int64) string) (figure, error) {
	switch n := n.(type) {
	case int:
		return figure{strconv.Itoa(n), format(int64(n))}, nil
	case int64:
		return figure{strconv.FormatInt(n, 10), format(n)}, nil
	case uint64:
		return figure{strconv.FormatUint(n, 10), strconv.FormatUint(n, 10)}, nil
	}
	return figure{}, fmt.Errorf("BUG: %T is not a whole number", n)
}

func percent(x float64) string { return fmt.Sprintf("%.1f\u202f%%", 100*x) }

func signed(x float64) string {
	if x < 0 {
		return fmt.Sprintf("−%.1f", -100*x)
	}
	return fmt.Sprintf("+%.1f", 100*x)
}

// duration is exact to a tenth of a second up to an hour, since a ledger is
// added up by its readers.
func duration(s float64) string {
	if s >= 1 && s < time.Hour.Seconds() {
		return fmt.Sprintf("%.1f s", s)
	}
	return term.Seconds(s)
}

// dataURI is a PNG file as the source of an img. Anything else is not shown.
func dataURI(png []byte) template.URL {
	if !bytes.HasPrefix(png, []byte("\x89PNG\r\n\x1a\n")) {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}

func last(xs []float64) float64 { return xs[len(xs)-1] }

// Render completes r and writes the page to w.
func Render(w io.Writer, r *Report) error {
	if err := r.Complete(); err != nil {
		return err
	}
	v, err := newView(r)
	if err != nil {
		return err
	}
	// A template that fails half-way must not leave half a page.
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
