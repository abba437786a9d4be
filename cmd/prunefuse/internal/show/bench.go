package show

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/latency"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Bench is what was measured of one or two models; its JSON is the schema of the
// command bench.
type Bench struct {
	Schema       string                `json:"schema"`
	Provider     ort.Provider          `json:"provider"`
	Runtime      string                `json:"onnxruntime"`
	Models       []BenchModel          `json:"models"` // A, and B
	Measurements []latency.Measurement `json:"measurements"`

	macs string // the change from A to B
}

// BenchModel is one of them.
type BenchModel struct {
	File string `json:"file"`
	op.Size
}

// ratioText tells a ratio with its interval.
func ratioText(r *latency.MeasuredRatio) string {
	if r.Low == nil {
		return term.Ratio(r.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", term.Ratio(r.Median), term.Ratio(*r.Low), term.Ratio(*r.High))
}

// CompareMACs takes the ratio over the nodes that are counted in both models.
func (r *Bench) CompareMACs(a, b *onnxio.Model, shapes onnxio.InputShapes) error {
	sizeA, sizeB, err := op.SizesOf(a, b, shapes)
	if err != nil {
		return err
	}
	r.macs = MACsRow(sizeA, sizeB)[3]
	return nil
}

// Print prints it as tables.
func (r *Bench) Print(w io.Writer) error {
	if err := r.printSizes(w); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	header := []string{"model", "batch", "threads", "runs", "median", "5 % to 95 %", "samples/s"}
	if len(r.Models) == 2 {
		header = append(header, "B/A (95 % interval)")
	}
	var rows [][]string
	for _, m := range r.Measurements {
		for i, t := range m.Times {
			row := []string{
				modelLetter(i), strconv.FormatInt(t.Batch, 10), strconv.Itoa(m.Threads), strconv.Itoa(t.Runs),
				term.Latency(t.Stats.Median()),
				term.Latency(t.Stats.Quantile(0.05)) + " to " + term.Latency(t.Stats.Quantile(0.95)),
				rate(t.Throughput),
			}
			if i == 1 {
				row = append(row, ratioText(m.Ratio))
			}
			rows = append(rows, row)
		}
	}
	return term.Table(w, header, rows, []term.Align{
		term.Left, term.Right, term.Right, term.Right, term.Right, term.Right, term.Right, term.Left,
	})
}

// printSizes prints what the models are made of, with the change where there
// are two.
func (r *Bench) printSizes(w io.Writer) error {
	header := []string{"model"}
	rows := [][]string{{"file"}, {"parameters"}, {"MACs"}, {"file size"}}
	align := []term.Align{term.Left}
	for i, m := range r.Models {
		header = append(header, modelLetter(i))
		for k, cell := range []string{m.File, term.Count(m.Parameters), MACs(m.Size), term.Bytes(m.Bytes)} {
			rows[k] = append(rows[k], cell)
		}
		align = append(align, term.Right)
	}
	if len(r.Models) == 2 {
		a, b := r.Models[0], r.Models[1]
		header = append(header, "B/A")
		for k, cell := range []string{
			"", Change(a.Parameters, b.Parameters), r.macs, Change(a.Bytes, b.Bytes),
		} {
			rows[k] = append(rows[k], cell)
		}
		align = append(align, term.Right)
	}
	return term.Table(w, header, rows, align)
}

func modelLetter(i int) string { return string(rune('A' + i)) }

// rate formats samples a second.
func rate(perSecond float64) string {
	if perSecond < 99.95 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return term.Count(int64(math.Round(perSecond)))
}
