package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/prunefuse/prunefuse/internal/term"
)

// warmUp are the steps of each side that are not timed.
const warmUp = 2

// result compares the two sides on one network. Without PyTorch the peer's
// numbers and the ratio are 0.
type result struct {
	Model      string  `json:"model"`
	Batch      int     `json:"batch"`
	Threads    int     `json:"threads"`
	OursMS     float64 `json:"ours_ms"` // medians
	PeerMS     float64 `json:"peer_ms"`
	Ratio      float64 `json:"ratio"`
	OursPeakMB float64 `json:"ours_peak_mb"` // 0 where the system does not say
	PeerPeakMB float64 `json:"peer_peak_mb"`
}

// compare measures the networks and prints each as soon as it is known.
func (o options) compare(ctx context.Context, nets []network, stdout io.Writer) error {
	python, err := findPeer(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "train: %v: our side runs alone\n", err)
	}
	if !o.json {
		if err := term.MarkdownHeader(stdout, "network", "ours, ms", "PyTorch, ms", "ratio", "ours, MB", "PyTorch, MB", "ratio"); err != nil {
			return err
		}
	}
	for _, n := range nets {
		r, err := o.one(ctx, python, n)
		if err != nil {
			return fmt.Errorf("%v: %w", n, err)
		}
		if err := o.print(stdout, r); err != nil {
			return err
		}
	}
	return nil
}

func (o options) print(w io.Writer, r *result) error {
	if o.json {
		return json.NewEncoder(w).Encode(r)
	}
	return term.MarkdownRow(w, r.Model, number(r.OursMS), number(r.PeerMS), over(r.OursMS, r.PeerMS),
		number(r.OursPeakMB), number(r.PeerPeakMB), over(r.OursPeakMB, r.PeerPeakMB))
}

func number(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", v)
}

func over(a, b float64) string {
	if a == 0 || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

// one lets the two sides take turns on a network. There is no peer without a
// python.
func (o options) one(ctx context.Context, python string, n network) (r *result, err error) {
	ours, err := o.startOurs(ctx, n)
	if err != nil {
		return nil, err
	}
	sides := []*process{ours}
	defer func() {
		for _, p := range sides {
			err = errors.Join(err, p.close())
		}
	}()
	if python != "" {
		peer, err := o.startPeer(ctx, python, n)
		if err != nil {
			return nil, err
		}
		sides = append(sides, peer)
	}
	times := make([][]float64, len(sides))
	for round := range warmUp + o.rounds {
		for i, p := range sides {
			ms, err := p.step()
			if err != nil {
				return nil, err
			}
			if round >= warmUp {
				times[i] = append(times[i], ms)
			}
		}
	}
	r = &result{Model: n.String(), Batch: o.batch, Threads: o.threads, OursMS: median(times[0]), OursPeakMB: ours.peak()}
	if len(sides) > 1 {
		r.PeerMS, r.PeerPeakMB = median(times[1]), sides[1].peak()
		r.Ratio = r.OursMS / r.PeerMS
	}
	return r, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
