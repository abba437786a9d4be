package main

import (
	"fmt"
	"math"
	"runtime"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/latency"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// benchResult is what bench prints; its JSON is the command's schema.
type benchResult struct {
	Schema       string             `json:"schema"`
	Provider     ort.Provider       `json:"provider"`
	Runtime      string             `json:"onnxruntime"`
	Models       []benchModel       `json:"models"` // A, and B
	Measurements []benchMeasurement `json:"measurements"`

	macs string // the change from A to B
}

type benchModel struct {
	File string `json:"file"`
	modelSize
}

type benchMeasurement struct {
	Threads int         `json:"threads"`
	Times   []benchTime `json:"times"` // of each model, in their order
	// Ratio is B's time over A's, for each sample.
	Ratio *benchRatio `json:"ratio,omitempty"`
}

type benchTime struct {
	Batch         int64   `json:"batch"` // samples in a run
	Runs          int     `json:"runs"`
	MedianSeconds float64 `json:"median_seconds"`
	P5Seconds     float64 `json:"p5_seconds"`
	P95Seconds    float64 `json:"p95_seconds"`
	Throughput    float64 `json:"samples_per_second"`

	stats latency.Stats
}

type benchRatio struct {
	Median float64 `json:"median"`
	// Low and High are the 95 % confidence interval, absent for fewer than
	// six runs.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}

func (r benchRatio) String() string {
	if r.Low == nil {
		return term.Ratio(r.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", term.Ratio(r.Median), term.Ratio(*r.Low), term.Ratio(*r.High))
}

// compareMACs takes the ratio over the nodes that are counted in both models.
func (r *benchResult) compareMACs(a, b *onnxio.Model, shapes onnxio.InputShapes) error {
	sizeA, sizeB, err := measureBoth(a, b, shapes)
	if err != nil {
		return err
	}
	r.macs = macsRow(sizeA, sizeB)[3]
	return nil
}

func (r *benchResult) add(threads int, stats []latency.Stats) {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	m := benchMeasurement{Threads: threads}
	for _, s := range stats {
		m.Times = append(m.Times, benchTime{
			s.Samples, len(s.Times),
			s.Median().Seconds(), s.Quantile(0.05).Seconds(), s.Quantile(0.95).Seconds(), s.Throughput(), s,
		})
	}
	if len(stats) == 2 {
		ratio := latency.RatioOf(stats[0], stats[1])
		m.Ratio = &benchRatio{Median: ratio.Median}
		if !math.IsNaN(ratio.Low) {
			m.Ratio.Low, m.Ratio.High = &ratio.Low, &ratio.High
		}
	}
	r.Measurements = append(r.Measurements, m)
}

func (r *benchResult) print(g *globals) error {
	if err := r.printSizes(g); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(g.stdout); err != nil {
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
				term.Latency(t.stats.Median()),
				term.Latency(t.stats.Quantile(0.05)) + " to " + term.Latency(t.stats.Quantile(0.95)),
				rate(t.Throughput),
			}
			if i == 1 {
				row = append(row, m.Ratio.String())
			}
			rows = append(rows, row)
		}
	}
	return term.Table(g.stdout, header, rows, []term.Align{
		term.Left, term.Right, term.Right, term.Right, term.Right, term.Right, term.Right, term.Left,
	})
}

// printSizes prints what the models are made of, with the change where there
// are two.
func (r *benchResult) printSizes(g *globals) error {
	header := []string{"model"}
	rows := [][]string{{"file"}, {"parameters"}, {"MACs"}, {"file size"}}
	align := []term.Align{term.Left}
	for i, m := range r.Models {
		header = append(header, modelLetter(i))
		for k, cell := range []string{m.File, term.Count(m.Parameters), m.macs(), term.Bytes(m.Bytes)} {
			rows[k] = append(rows[k], cell)
		}
		align = append(align, term.Right)
	}
	if len(r.Models) == 2 {
		a, b := r.Models[0], r.Models[1]
		header = append(header, "B/A")
		for k, cell := range []string{
			"", change(a.Parameters, b.Parameters), r.macs, change(a.Bytes, b.Bytes),
		} {
			rows[k] = append(rows[k], cell)
		}
		align = append(align, term.Right)
	}
	return term.Table(g.stdout, header, rows, align)
}

func modelLetter(i int) string { return string(rune('A' + i)) }

// rate formats samples a second.
func rate(perSecond float64) string {
	if perSecond < 99.95 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return term.Count(int64(math.Round(perSecond)))
}
