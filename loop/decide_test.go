package loop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// A rule that holds ends the rounds of all arms, and is said by the status and the report;
// the results are those of a run that was to have so many rounds.
func TestStopRules(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, known, _ := twoWays(t)
	known.Label.Initial, known.Label.Add = 12, []int{6, 6, 6, 6}
	known.Arms = []string{config.ArmPruneFuse, config.ArmScratch, config.ArmRandom}
	short := known
	short.Label.Add = []int{6, 6}
	if err := loop.Run(t.Context(), short, options(filepath.Join(folder, "short"))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stop config.Stop
		says string
		as   bool // as the short run
	}{
		"labels":   {config.Stop{Labels: 20}, "stop.labels: there are 24, and 20 are enough", true},
		"hours":    {config.Stop{Hours: 1e-9}, "stop.hours", false},
		"accuracy": {config.Stop{Accuracy: 0.01}, "and 1.00 % are enough", false},
		"plateau":  {config.Stop{Plateau: 1}, "stop.plateau: none of the last 1 selectors", false},
		"none":     {config.Stop{Labels: 1000, Accuracy: 1, Plateau: 9}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := known
			cfg.Stop = c.stop
			dir := filepath.Join(folder, name)
			if err := loop.Run(t.Context(), cfg, options(dir)); err != nil {
				t.Fatal(err)
			}
			s := status(t, dir)
			if s.Next != "" || s.Labelled != s.Budget || s.Done != s.Steps || c.says != "" && !strings.Contains(s.Stopped, c.says) {
				if name != "plateau" || s.Stopped != "" { // the accuracies may rise to the end
					t.Errorf("the status is\n%s", s.Text())
				}
			}
			r, err := loop.ReadReport(dir)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(r.Notes); s.Stopped != "" && !strings.Contains(text, s.Stopped) {
				t.Errorf("the report's notes are %s", text)
			}
			if c.as {
				same(t, products(t, filepath.Join(folder, "short")), products(t, dir))
			}
			if s.Stopped == "" && (s.Forecast == nil || s.Forecast.Labels != 72) {
				t.Errorf("the forecast is %+v", s.Forecast)
			}
		})
	}
}

// Rules that are no rules are refused.
func TestStopIsChecked(t *testing.T) {
	t.Parallel()
	_, c, _ := twoWays(t)
	for text, stop := range map[string]config.Stop{
		"stop.labels": {Labels: -1}, "stop.hours": {Hours: -1}, "stop.accuracy": {Accuracy: 1.5}, "stop.plateau": {Plateau: -1},
	} {
		c.Stop = stop
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Where the rules stopped a run that was killed then, it ends the same.
func TestStoppedRunGoesOn(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, known, _ := twoWays(t)
	known.Label.Add, known.Stop = []int{6, 6}, config.Stop{Labels: 18}
	dir := filepath.Join(folder, "run")
	if err := loop.Run(t.Context(), known, options(dir)); err != nil {
		t.Fatal(err)
	}
	want := products(t, dir)
	log := filepath.Join(dir, "events.jsonl")
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(content), "\n")
	for cut := range lines[:len(lines)-1] {
		if !strings.Contains(lines[cut], `"decided"`) || !strings.Contains(lines[cut], "stop.labels") {
			continue
		}
		if err := os.WriteFile(log, []byte(strings.Join(lines[:cut+1], "")), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := loop.Run(t.Context(), known, options(dir)); err != nil {
			t.Fatal(err)
		}
		same(t, want, products(t, dir))
		return
	}
	t.Error("no event says that there are labels enough")
}

// The selector is judged beside the trained full network: at the end, and after a
// synchronisation in each round.
func TestJudged(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, known, _ := twoWays(t)
	known.Label.Add, known.Label.Sync, known.Probe = []int{6, 6}, 1, 50
	dir := filepath.Join(folder, "run")
	if err := loop.Run(t.Context(), known, options(dir)); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), `"kind":"judged"`); n != 3 {
		t.Errorf("%d judgements, want those of rounds 1 and 2 and of the end", n)
	}
	r, err := loop.ReadReport(dir)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(r.Notes); !strings.Contains(text, "On 50 samples without a label the margin of the selector and of the trained full network have a rank correlation of") {
		t.Errorf("the report's notes are %s", text)
	}
}
