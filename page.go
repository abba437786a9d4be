package prunefuse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// thumbs is how many of the chosen images the report shows.
const thumbs = 40

// selection is what the report shows of a choice: its first images.
func (r *run) selection(chosen []selection.Selected, rest []int) (*report.Selection, error) {
	sel := &report.Selection{Strategy: r.cfg.Label.Strategy, Chosen: len(chosen), Pool: len(rest)}
	for _, s := range chosen[:min(thumbs, len(chosen))] {
		i := rest[s.Record.Index]
		b, err := r.thumb(i)
		if err != nil {
			return nil, err
		}
		sel.Thumbs = append(sel.Thumbs, report.Thumb{
			ID: s.Record.ID, PNG: b, Rank: s.Rank, Score: s.Score,
			Predicted: r.class(s.Record.Class), Label: r.class(r.pool.Label(i)),
		})
	}
	return sel, nil
}

func (r *run) class(i int) string {
	if names := r.pool.Classes(); i >= 0 && i < len(names) {
		return names[i]
	}
	return fmt.Sprint(i)
}

// thumb is a sample of the pool as a PNG file.
func (r *run) thumb(i int) ([]byte, error) {
	c, h, w, ok := r.pool.Shape().Image()
	if !ok { // its values in a row
		c, h, w = 1, 1, r.pool.Shape().Size()
	}
	x := make([]float32, c*h*w)
	if err := r.pool.Read(i, x); err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	plane := h * w
	at := func(k, p int) uint8 {
		return uint8(min(max(x[min(k, c-1)*plane+p], 0), 1)*255 + 0.5)
	}
	for p := range plane {
		img.SetNRGBA(p%w, p/w, color.NRGBA{R: at(0, p), G: at(1, p), B: at(2, p), A: 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// writeReport completes the report with what the run folder holds and writes
// it there.
func (r *run) writeReport() error {
	for _, f := range []struct {
		role, file string
		of         report.Role
		net        *network
	}{
		{"dense", DenseFile, report.RoleDenseScratch, r.dense},
		{"selector", SelectorFile, report.RoleSelector, r.start},
		{"fused", FusedFile, report.RoleFineTuned, r.dense},
		{"deploy", DeployFile, "", r.deploy},
	} {
		m, err := r.describe(f.file, f.role, f.net)
		if err != nil {
			return err
		}
		for _, a := range r.rep.Accuracies {
			if a.Role == f.of && f.of != report.RoleDenseScratch {
				v := float64(a.Correct) / float64(a.Total)
				m.Accuracy = &v
			}
		}
		r.rep.Models = append(r.rep.Models, m)
	}
	line := report.Series{Name: "Selector, " + r.cfg.Label.Strategy}
	for _, round := range r.rounds {
		line.Points = append(line.Points, report.Point{Labels: round.Labels, Accuracy: float64(round.Correct) / float64(round.Total)})
	}
	r.rep.Series = append(r.rep.Series, line)
	r.rep.Notes = append(r.rep.Notes, "One seed: the intervals cover the choice of test images, not the variation between training runs.")
	if r.cfg.Label.Sync > 0 && slices.Contains(r.cfg.Compare, "random") {
		r.rep.Notes = append(r.rep.Notes, "The comparison on random labels keeps one selector; it does not synchronise.")
	}
	if err := r.settings(); err != nil {
		return err
	}
	return report.Write(r.dir.Path(), r.rep)
}

func (r *run) describe(file, role string, n *network) (report.Model, error) {
	path := r.dir.Path(file)
	info, err := os.Stat(path)
	if err != nil {
		return report.Model{}, err
	}
	sum, err := rundir.HashFile(path)
	if err != nil {
		return report.Model{}, err
	}
	return report.Model{Role: role, File: file, Params: n.params, MACs: n.macs, Bytes: info.Size(), SHA256: sum}, nil
}

// settings enters the resolved configuration and the versions that the report
// does not have elsewhere.
func (r *run) settings() error {
	b, err := json.Marshal(r.cfg)
	if err != nil {
		return err
	}
	all, err := flatten("", b)
	if err != nil {
		return err
	}
	r.rep.Config = slices.DeleteFunc(all, func(s report.Setting) bool { return s.Key == "title" || s.Key == "seed" })
	info := ort.Describe()
	r.rep.Versions = []report.Setting{
		{Key: "onnxruntime", Value: info.Version},
		{Key: "provider", Value: string(r.opts.Session.Provider)},
		{Key: "threads", Value: fmt.Sprint(threads(r.opts.Session, info))},
		{Key: "platform", Value: runtime.GOOS + "/" + runtime.GOARCH},
		{Key: "go", Value: runtime.Version()},
	}
	return nil
}

// flatten lists the leaves of a JSON object in its order, by dotted names. An
// array is a leaf.
func flatten(prefix string, object []byte) ([]report.Setting, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []report.Setting
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		name, text := fmt.Sprint(prefix, key), string(value)
		switch value[0] {
		case '{':
			inner, err := flatten(name+".", value)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		case '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
		}
		out = append(out, report.Setting{Key: name, Value: text})
	}
	return out, nil
}

func threads(o ort.SessionOptions, info ort.Info) int {
	if o.Threads > 0 {
		return o.Threads
	}
	return info.Threads
}

// join writes a command line as one would type it.
func join(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n'\"$\\*?[]{}()&|;<>#~`!") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
