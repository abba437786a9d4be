package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// onlyFiles fails unless dir holds exactly the named files with that content.
func onlyFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("folder holds %v, want %d files", entries, len(want))
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if string(got) != content {
			t.Errorf("%s holds %q, want %q", name, got, content)
		}
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWriteReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, content := range []string{"one", "two two", ""} {
		if err := WriteBytes(path, 0o640, []byte(content)); err != nil {
			t.Fatal(err)
		}
		onlyFiles(t, dir, map[string]string{"a": content})
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v exceeds 0640", info.Mode())
	}
}

func TestFailedWriteKeepsOld(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, write := range map[string]func(io.Writer) error{
		"at once": func(io.Writer) error { return boom },
		"late": func(w io.Writer) error {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
				return err
			}
			return fmt.Errorf("encode: %w", boom)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a"), "old")
			if err := Write(filepath.Join(dir, "a"), 0o666, write); !errors.Is(err, boom) {
				t.Errorf("error %v, want boom", err)
			}
			onlyFiles(t, dir, map[string]string{"a": "old"})
		})
	}
}

func TestPanicLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = Write(filepath.Join(dir, "a"), 0o666, func(w io.Writer) error {
			if _, err := io.WriteString(w, "half"); err != nil {
				return err
			}
			panic("midway")
		})
	}()
	onlyFiles(t, dir, map[string]string{"a": "old"})
}

func TestMissingFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "a")
	err := WriteBytes(path, 0o666, nil)
	if !errors.Is(err, os.ErrNotExist) || !bytes.Contains([]byte(err.Error()), []byte(path)) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("mounting a small tmpfs needs root on linux")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a tmpfs here: %v: %s", err, out)
	}
	defer func() {
		if err := exec.Command("umount", dir).Run(); err != nil {
			t.Errorf("umount %s: %v", dir, err)
		}
	}()
	path := filepath.Join(dir, "a")
	put(t, path, "old")
	err := Write(path, 0o666, func(w io.Writer) error {
		for range 64 { // the callback ignores the errors it is given
			_, _ = w.Write(make([]byte, 4096))
		}
		return nil
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want no space left", err)
	}
	if want := "write " + path + ": no space left on device"; err != nil && err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	onlyFiles(t, dir, map[string]string{"a": "old"})
	if err := WriteBytes(path, 0o666, []byte("fits")); err != nil {
		t.Errorf("after the failure: %v", err)
	}
}

func TestLinksAndDevices(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links and /dev/null")
	}
	dir, elsewhere := t.TempDir(), t.TempDir()
	put(t, filepath.Join(elsewhere, "real"), "old")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(elsewhere, "real"), link); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(link, 0o666, []byte("new")); err != nil {
		t.Fatal(err)
	}
	onlyFiles(t, elsewhere, map[string]string{"real": "new"})
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if err := WriteBytes("/dev/null", 0o666, []byte("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("/dev/null was replaced: %v, %v", info, err)
	}
}

func TestCheckAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := CheckAbsent(path, false); err != nil {
		t.Errorf("absent file: %v", err)
	}
	put(t, path, "")
	err := CheckAbsent(path, false)
	if !errors.Is(err, ErrExists) {
		t.Fatalf("error %v, want ErrExists", err)
	}
	if want := path + " exists"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if err := CheckAbsent(path, true); err != nil {
		t.Errorf("with force: %v", err)
	}
	if err := CheckAbsent(filepath.Join(path, "b"), false); err != nil {
		t.Errorf("below a file: %v", err)
	}
	if err := CheckAbsent(dir, true); err == nil || errors.Is(err, ErrExists) {
		t.Errorf("a folder: %v", err)
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old a")
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")

	var g Group
	for path, content := range map[string]string{a: "new a", b: "new b"} {
		if err := g.Write(path, 0o666, text(content)); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(a); string(got) != "old a" {
		t.Errorf("before Commit a holds %q", got)
	}
	g.Discard()
	onlyFiles(t, dir, map[string]string{"a": "old a"})

	for path, content := range map[string]string{a: "new a", b: "new b"} {
		if err := g.Write(path, 0o666, text(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Commit(); err != nil {
		t.Fatal(err)
	}
	g.Discard()
	onlyFiles(t, dir, map[string]string{"a": "new a", "b": "new b"})
}

func TestGroupRollsBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "old a")
	var g Group
	for _, name := range []string{"a", "b", "c"} {
		if err := g.Write(filepath.Join(dir, name), 0o666, text("new")); err != nil {
			t.Fatal(err)
		}
	}
	// c becomes a folder that holds something, so its rename cannot succeed.
	if err := os.MkdirAll(filepath.Join(dir, "c", "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := g.Commit(); err == nil {
		t.Fatal("Commit over a folder succeeded")
	}
	os.RemoveAll(filepath.Join(dir, "c"))
	onlyFiles(t, dir, map[string]string{"a": "old a"})
}

func TestGroupDropsFailedWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var g Group
	if err := g.Write(filepath.Join(dir, "a"), 0o666, text("a")); err != nil {
		t.Fatal(err)
	}
	if err := g.Write(filepath.Join(dir, "b"), 0o666, func(io.Writer) error { return io.ErrUnexpectedEOF }); err == nil {
		t.Fatal("failed write gave no error")
	}
	if err := g.Commit(); err != nil {
		t.Fatal(err)
	}
	onlyFiles(t, dir, map[string]string{"a": "a"})
}

// A file that is called Stream goes to the group's stream, at once; without a
// stream it is a file like others.
func TestGroupStream(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	streamed, plain := Group{Stream: &b}, Group{}
	for _, g := range []*Group{&streamed, &plain} {
		if err := g.Write(Stream, 0o666, text("text")); err != nil {
			t.Fatal(err)
		}
	}
	if b.String() != "text" {
		t.Errorf("the stream has %q", b.String())
	}
	if err := streamed.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(Stream); err == nil {
		t.Error("what went to the stream is a file as well")
	}
	if err := plain.Commit(); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(Stream); err != nil || string(content) != "text" {
		t.Errorf("without a stream: %q, %v", content, err)
	}
}
