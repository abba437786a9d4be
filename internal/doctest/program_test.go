package doctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// shell runs commands in a folder with the program on the path.
type shell struct{ bin, library string }

// run returns what a script prints to stdout and stderr.
func (s shell) run(t *testing.T, dir, script string) (string, error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", "-euc", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"), ort.EnvLibrary+"="+s.library)
	out, err := c.CombinedOutput()
	return string(out), err
}

// newShell returns a shell with the program, and the one that draws images.
func newShell(t *testing.T) shell {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	orttest.Need(t)
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh to run commands with")
	}
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return shell{bin, ort.Describe().Library}
}

// programs builds them once, in a folder that TestMain removes.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "doctest"); err != nil {
		return "", err
	}
	built = dir
	for _, name := range []string{"cmd/prunefuse", "examples/own-data/shapes"} {
		c := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./"+name)
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
})

// built is the folder of the programs; "" before they are built.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}
