package job

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// killed names the folder of the process that TestRunIsKilled kills.
const killed = "PRUNEFUSE_TEST_KILLED"

const killedSamples = 300

// TestKilledProcess is the process: it takes its time.
func TestKilledProcess(t *testing.T) {
	dir := os.Getenv(killed)
	if dir == "" {
		t.Skip("it is there for TestRunIsKilled")
	}
	job := task(dir, killedSamples, scoring.CSV)
	job.Resume = true
	job.Classifier.(*scoringtest.Classifier).Hook = func(context.Context, int) error {
		time.Sleep(2 * time.Millisecond)
		return nil
	}
	if _, err := Run(context.Background(), job); err != nil {
		t.Fatal(err)
	}
}

// A process that is killed outright leaves files that the next one goes on from,
// whatever was buffered.
func TestRunIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills processes")
	}
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	want := finished(t, killedSamples, scoring.CSV)
	rng := rand.New(rand.NewPCG(7, 1))
	for range 3 {
		dir, kills := t.TempDir(), 0
		for {
			cmd := exec.Command(program, "-test.run=^TestKilledProcess$")
			cmd.Env = append(os.Environ(), killed+"="+dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if kills < 4 {
				time.Sleep(time.Duration(20+rng.IntN(200)) * time.Millisecond)
				_ = cmd.Process.Kill()
				kills++
			}
			if cmd.Wait() == nil {
				break
			}
		}
		got := contents(t, dir)
		for name, content := range want {
			if got[name] != content {
				t.Errorf("after %d kills %s differs", kills, name)
			}
		}
		if _, there := got["scores.partial"]; there {
			t.Error("the journal is left behind")
		}
	}
}
