package page

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/browser"
)

// envServe makes the test's own binary a server of the run that it names.
const envServe = "PAGE_TEST_SERVE"

func TestMain(m *testing.M) {
	run := os.Getenv(envServe)
	if run == "" {
		os.Exit(m.Run())
	}
	s, err := NewServer(func() (*Batch, error) {
		return Read(filepath.Join(run, "round", "batch"), filepath.Join(run, "answers"))
	}, Options{})
	if err == nil {
		err = s.Serve(context.Background(), Loopback, func(address string) error {
			_, err := fmt.Println(address)
			return err
		})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// process is a server in a process of its own.
type process struct {
	cmd     *exec.Cmd
	address string
}

func startProcess(t *testing.T, run string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envServe+"="+run)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &process{cmd, strings.TrimSpace(address)}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// A crew labels by the keyboard alone; pages are loaded anew, answers taken back, the
// server is killed in between: each answer that the page took is on disk, of the sample
// that was seen.
func TestByKeyboard(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	const n = 12
	writeBatch(t, run, n)
	server := startProcess(t, run)
	p := browser.Start(t, 1280, 800)
	p.Open(server.address)
	p.Wait("document.activeElement.id === 'as'")
	p.Type("Ann")
	p.Press("Enter")
	p.Wait("view && view.item && !busy")
	want := map[string]string{}
	press := func(key, label string) {
		t.Helper()
		var at struct {
			ID   string
			Mine int
		}
		p.Wait("!busy")
		p.Eval("({id: view.item.id, mine: view.mine})", &at)
		p.Press(key)
		p.Wait(fmt.Sprintf("!busy && view.mine === %d", at.Mine+1))
		want[at.ID+" Ann"] = label
	}
	press("1", "cat")
	press("3", "eel")
	press("s", "skip")
	press("?", "unsure")
	press("2", "dog")
	p.Press("u")
	p.Wait("!busy && view.mine === 4 && view.item.rank === 5")
	press("1", "cat")
	p.Open(server.address) // the page is loaded anew, and knows who is there
	p.Wait("view && view.item && !busy && view.mine === 5")
	press("2", "dog")
	server.kill()
	p.Press("1")
	p.Wait("!document.getElementById('alert').hidden")
	if got := written(t, run); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("after the kill on disk: %v, want %v", got, want)
	}
	server = startProcess(t, run)
	p.Open(server.address)
	p.Wait("document.activeElement.id === 'as'")
	p.Type("Ann")
	p.Press("Enter")
	p.Wait("view && view.item && view.item.rank === 7 && !busy")
	for i := 6; i < n; i++ {
		press("3", "eel")
		if i == n-1 {
			p.Wait("!document.getElementById('done').hidden")
		}
	}
	if got := written(t, run); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
	for _, line := range p.Console() {
		if !strings.Contains(line, "ERR_CONNECTION") { // of the server that was killed
			t.Errorf("the console says %s", line)
		}
	}
}

// Nothing overlaps, is cut off or too faint, and Tab reaches every control, on a desk and
// on a phone, by day and by night. With PAGE_PICTURES set to a folder, pictures of what
// was looked at are written there.
func TestLooks(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf("class with a rather long name %d", i)
	}
	open := writeBatch(t, run, 14, func(b *Batch) {
		b.Classes, b.Items[13].Image = many, ""
		b.Items[13].ID = strings.Repeat("a/very/long/name/", 12)
	})
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	server := startProcess(t, run)
	for _, width := range []int{1280, 390} {
		p := browser.Start(t, width, 844)
		for _, dark := range []bool{false, true} {
			p.Dark(dark)
			look := func(what string) {
				t.Helper()
				if dir := os.Getenv("PAGE_PICTURES"); dir != "" {
					p.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d-%v.png", what, width, dark)))
				}
				if faults := p.Faults(); len(faults) > 0 {
					t.Errorf("%s, %d pixels, dark %v: %s", what, width, dark, strings.Join(faults, "; "))
				}
				if controls := p.Unreached(); len(controls) > 0 {
					t.Errorf("%s, %d pixels, dark %v: %s", what, width, dark, strings.Join(controls, "; "))
				}
			}
			p.Open(server.address)
			p.Eval("sessionStorage.clear()", nil)
			p.Open(server.address)
			p.Wait("document.activeElement.id === 'as'")
			look("name")
			p.Eval("document.getElementById('as').focus()", nil)
			p.Type(fmt.Sprintf("Ann %d %v", width, dark))
			p.Press("Enter")
			p.Wait("view && view.item && !busy && document.getElementById('image').complete")
			look("sample")
			p.Eval(fmt.Sprintf("state(%d)", len(b.Items)-1), nil)
			p.Wait("!busy && view.item.k === 13")
			look("text")
			p.Eval("say({class: 1})", nil)
			p.Wait("!busy && view.mine === 1")
			look("answered")
		}
		if said := p.Console(); len(said) > 0 {
			t.Errorf("the console says %v", said)
		}
	}
}
