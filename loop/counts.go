package loop

import (
	"fmt"

	"github.com/prunefuse/prunefuse/labelling"
)

// Counts tell how far people are with a batch.
type Counts struct {
	Asked   int `json:"asked"`
	Labels  int `json:"labels"`  // of these samples, in the files so far
	Skipped int `json:"skipped"` // of these samples, people cannot label
	Unsure  int `json:"unsure"`  // of these samples, all who answered do not know the class
	// Second counts the samples that somebody has answered for and that want a second
	// annotator.
	Second int `json:"second"`
}

// Answered is the number of samples that somebody has answered for.
func (c Counts) Answered() int { return c.Labels + c.Skipped + c.Unsure }

// Pending is the number of samples that nobody has answered for.
func (c Counts) Pending() int { return c.Asked - c.Answered() }

// Done is the number of samples that nobody is waited for.
func (c Counts) Done() int { return c.Answered() - c.Second }

// text tells the counts of answers.
func (c Counts) text() string {
	text := fmt.Sprintf("%d labelled, %d skipped", c.Labels, c.Skipped)
	if c.Unsure > 0 {
		text += fmt.Sprintf(", %d unsure", c.Unsure)
	}
	if c.Second > 0 {
		text += fmt.Sprintf(", %d that want a second annotator", c.Second)
	}
	return text
}

// countAnswers counts those for the samples of a batch, of which each wants so many
// annotators.
func countAnswers(batch []Sample, wanted []int, r *labelling.Result) Counts {
	in := make(map[string]bool, len(batch))
	for _, s := range batch {
		in[s.ID] = true
	}
	count := func(ids []string) (n int) {
		for _, id := range ids {
			if in[id] {
				n++
			}
		}
		return n
	}
	c := Counts{Asked: len(batch), Skipped: count(r.Skipped), Unsure: count(r.Unsure)}
	for _, l := range r.Labels {
		if in[l.ID] {
			c.Labels++
		}
	}
	by := map[string]map[string]bool{} // annotators by sample
	for _, a := range r.Annotations {
		if by[a.Sample] == nil {
			by[a.Sample] = map[string]bool{}
		}
		by[a.Sample][a.By()] = true
	}
	for i, s := range batch {
		if n := len(by[s.ID]); n > 0 && n < wanted[i] {
			c.Second++
		}
	}
	return c
}
