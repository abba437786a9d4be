package main

import (
	"fmt"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/job"
)

type skippedSample struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

func skippedSamples(skipped []scoring.Skipped) []skippedSample {
	out := []skippedSample{}
	for _, s := range skipped {
		out = append(out, skippedSample{s.Index, s.ID, s.Err.Error()})
	}
	return out
}

// report says what was done. Samples that were skipped are an error of their
// own kind.
func (o *scoreOptions) report(g *globals, r *job.Result) error {
	var err error
	switch stdoutTaken := o.out.path == stdStream || o.choice.path == stdStream; {
	case g.json && !stdoutTaken:
		err = g.printJSON(struct {
			Schema     string          `json:"schema"`
			Pool       string          `json:"pool"`
			Scores     string          `json:"scores,omitempty"`
			Embeddings string          `json:"embeddings,omitempty"`
			Softmax    string          `json:"probabilities,omitempty"`
			Selected   string          `json:"selected,omitempty"`
			Scored     int             `json:"scored"`
			Resumed    int             `json:"resumed,omitempty"`
			Skipped    []skippedSample `json:"skipped"`
			Seconds    float64         `json:"seconds"`
			Shard      int             `json:"shard,omitempty"`
			Shards     int             `json:"shards,omitempty"`
		}{
			"prunefuse.score.summary/1", o.pool.String(), o.out.path, o.embeddings, o.softmax, o.choice.path,
			r.Scored, r.Resumed, skippedSamples(r.Skipped), r.Elapsed.Seconds(), o.shard.I, o.shard.N,
		})
	case stdoutTaken:
	case r.NoPass:
		_, err = fmt.Fprintf(g.stdout, "%s: %d of %s samples chosen by name%s\n", &o.pool, len(r.Chosen), term.Count(int64(r.Total)), o.written())
	default:
		_, err = fmt.Fprintf(g.stdout, "%s: %s samples scored%s%s\n", &o.pool, term.Count(int64(r.Scored)), r.Pace(), o.written())
	}
	if err == nil && len(r.Skipped) > 0 {
		err = &skippedError{len(r.Skipped), r.Total}
	}
	return err
}

func (o *scoreOptions) written() string {
	var files []string
	for _, path := range []string{o.out.path, o.embeddings, o.softmax, o.choice.path} {
		if path != "" {
			files = append(files, path)
		}
	}
	return ": " + strings.Join(files, ", ")
}
