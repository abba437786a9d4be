package training

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// DynamicsSchema names the format of the lines of [WriteDynamics], which is
// that of a score file.
const DynamicsSchema = "prunefuse.score/1"

// Labelled names the samples that a training saw.
type Labelled interface {
	ID(i int) string
	Label(i int) int
}

// dynamicsLine is a line of a score file, with what a training saw of a sample
// as its scores.
type dynamicsLine struct {
	Schema       string             `json:"schema"`
	Index        int                `json:"index"`
	ID           string             `json:"id"`
	Label        int                `json:"label"`
	Class        int                `json:"class"`
	Confidence   float64            `json:"confidence"`
	NeverLearned bool               `json:"never_learned"`
	Epochs       int                `json:"epochs"` // how often it was taken
	Scores       map[string]float64 `json:"scores"`
}

// WriteDynamics writes what a training saw of the samples of a set as a file
// of scores, a line of JSON a sample. The forgetting of a sample that was never
// learned, which counts as infinite, is the number of epochs: no other sample
// can have as much. A sample that no early epoch took has no line; missed is
// how many those are.
func WriteDynamics(w io.Writer, set Labelled, all []Dynamics) (missed int, err error) {
	most := 0
	for _, d := range all {
		most = max(most, d.Taken)
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i, d := range all {
		if math.IsNaN(d.EL2N) {
			missed++
			continue
		}
		line := dynamicsLine{
			DynamicsSchema, i, set.ID(i), set.Label(i), d.Class, d.Confidence, !d.Learned, d.Taken,
			map[string]float64{"forgetting": float64(d.Forgotten), "el2n": d.EL2N, "aum": d.AUM},
		}
		if !d.Learned {
			line.Scores["forgetting"] = float64(most)
		}
		if !math.IsNaN(d.GraNd) {
			line.Scores["grand"] = d.GraNd
		}
		if err := enc.Encode(line); err != nil {
			return missed, fmt.Errorf("write dynamics of %q: %w", line.ID, err)
		}
	}
	return missed, out.Flush()
}
