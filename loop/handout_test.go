package loop_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// The selector's opinion is in the files of a batch that it chose, and only where people
// are to see it.
func TestGuesses(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	opinion := map[string]*regexp.Regexp{
		"batch.csv":         regexp.MustCompile(`(?m)^\d+,[^,]*,(ant|bee|cow),0\.\d`),
		"batch.jsonl":       regexp.MustCompile(`"predicted":"(ant|bee|cow)","confidence":0\.`),
		"label-studio.json": regexp.MustCompile(`"score": 0\.`),
		"cvat.xml":          regexp.MustCompile(`<tag label="(ant|bee|cow)" source="auto">`),
		"sheet.html":        regexp.MustCompile(`(?s)chosen by margin \d.*(ant|bee|cow)\? \d+ %.*(ant|bee|cow)\? \d+ %.*(ant|bee|cow)\? \d+ %`),
		"batch.json":        regexp.MustCompile(`"guess":"(ant|bee|cow)"`),
	}
	for name, guesses := range map[string]bool{"shown": true, "hidden": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, _, asked := twoWays(t)
			asked.Label.Strategy = "margin"
			if !guesses {
				asked.Label.Guesses = &guesses
			}
			o := options(filepath.Join(folder, "run"))
			c := newCrew(t, o.Dir, asked.Data)
			for round := range 2 {
				batch := waits(t, asked, o).Batch
				for file, shows := range opinion {
					content, err := os.ReadFile(filepath.Join(batch, file))
					if err != nil {
						t.Fatal(err)
					}
					if want := round > 0 && guesses; shows.Match(content) != want {
						t.Errorf("round %d: %s has an opinion: %t, want %t\n%s", round, file, !want, want, content)
					}
					if file == "sheet.html" && round > 0 && !strings.Contains(string(content), "Labelled so far: ") {
						t.Errorf("the sheet is %s", content)
					}
				}
				c.fill(batch, func(_ int, id string) string { return c.labels[id] })
			}
		})
	}
}
