package rundir

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// childVariable makes the test binary a process that works in a run folder
// until it is killed.
const childVariable = "PRUNEFUSE_TEST_RUNDIR"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		workUntilKilled(path)
	}
	os.Exit(m.Run())
}

// workUntilKilled appends an event, and stops in the middle of replacing
// state.json, for its parent to kill it there.
func workUntilKilled(path string) {
	check := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	d, err := Open(path, sample(), Options{})
	check(err)
	check(WriteJSON(d.Path("state.json"), "old"))
	check(d.Append(Line{Event: []byte(`"round 0"`)}))
	check(atomicfile.Write(d.Path("state.json"), 0o666, func(w io.Writer) error {
		if _, err := w.Write([]byte(strings.Repeat(`"new`, 1<<16))); err != nil {
			return err
		}
		fmt.Println("writing")
		time.Sleep(time.Hour)
		return nil
	}))
}

func TestKillInTheMiddle(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childVariable+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "writing\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}

	_, err = Open(path, sample(), Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || !errors.Is(err, ErrLocked) || locked.PID != child.Process.Pid {
		t.Errorf("while process %d works: error %v", child.Process.Pid, err)
	}
	if _, err := Open(path, sample(), Options{Force: true}); !errors.Is(err, ErrLocked) {
		t.Errorf("Open with force while it works: error %v", err)
	}

	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if readPID(filepath.Join(path, "LOCK")) != child.Process.Pid {
		t.Error("the dead process's LOCK is not there to be taken over")
	}
	d := open(t, path, sample(), Options{})
	if pid := readPID(d.Path("LOCK")); pid != os.Getpid() {
		t.Errorf("LOCK names process %d, want %d", pid, os.Getpid())
	}
	var state string
	if err := ReadJSON(d.Path("state.json"), &state); err != nil || state != "old" {
		t.Errorf("state %q, %v", state, err)
	}
	if got := events(d); got != `"round 0"` {
		t.Errorf("events %s", got)
	}
}

func TestLockWithinProcess(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := open(t, path, sample(), Options{})
	_, err := Open(path, sample(), Options{})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("error %v", err)
	}
	if want := fmt.Sprintf("%s is in use by process %d; wait until it ends", path, os.Getpid()); err != nil && err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	open(t, path, sample(), Options{})
}

// Of many that open a folder at once exactly one has it at any time.
func TestLockIsExclusive(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	open(t, path, sample(), Options{}).Close()
	inside := make(chan struct{}, 1)
	done := make(chan int)
	for range 4 {
		go func() {
			got := 0
			for range 200 {
				d, err := Open(path, sample(), Options{})
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					break
				}
				select {
				case inside <- struct{}{}:
				default:
					t.Error("two hold the lock")
				}
				got++
				<-inside
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			}
			done <- got
		}()
	}
	total := 0
	for range 4 {
		total += <-done
	}
	if total == 0 {
		t.Error("nobody ever got the lock")
	}
}
