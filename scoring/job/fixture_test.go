package job

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// spec is a pass over n samples, of which some cannot be read.
func spec(n int) Spec {
	c, p := aPool(n)
	return Spec{Network: Network{Classifier: c, Fingerprint: "fake"}, Pool: p, Seed: 4, Batch: 3}
}

// task writes all that a run can write into a folder.
func task(dir string, n int, f scoring.Format) Task {
	t := Task{Spec: spec(n), Choice: selection.Choice{Strategy: "badge", K: 5}}
	t.Output = Output{
		Scores: filepath.Join(dir, "scores"), Format: f, Features: filepath.Join(dir, "emb.npy"),
		Probabilities: filepath.Join(dir, "p.npy"), Selection: filepath.Join(dir, "batch.jsonl"),
	}
	return t
}

// contents are the files of a folder by name.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// sameFiles fails unless a folder holds exactly these files.
func sameFiles(t testing.TB, dir string, want map[string]string) {
	t.Helper()
	got := contents(t, dir)
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left behind", name)
		}
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s differs: %d bytes, want %d", name, len(got[name]), len(content))
		}
	}
}

// finished are the files of a run that nothing stops.
func finished(t testing.TB, n int, f scoring.Format) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if _, err := Run(context.Background(), task(dir, n, f)); err != nil {
		t.Fatal(err)
	}
	return contents(t, dir)
}

// cutJournal shortens the files of a journal at random, as a kill does that comes
// while some of them are buffered.
func cutJournal(t testing.TB, rng *rand.Rand, journal string) {
	t.Helper()
	for _, suffix := range []string{"", ".features", ".probabilities"} {
		info, err := os.Stat(journal + suffix)
		if err != nil || rng.IntN(2) == 0 {
			continue
		}
		if err := os.Truncate(journal+suffix, rng.Int64N(info.Size()+1)); err != nil {
			t.Fatal(err)
		}
	}
}

// stopAfter makes the classifier of a task end its context after some samples.
func stopAfter(t *Task, samples int, stop func()) {
	c, _ := scoringtest.Fakes(0)
	seen := 0
	c.Hook = func(_ context.Context, n int) error {
		if seen += n; seen > samples {
			stop()
		}
		return nil
	}
	t.Classifier = c
}
