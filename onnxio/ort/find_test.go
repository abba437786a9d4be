package ort

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func put(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every place holds a library; load accepts the first not in bad.
func TestSearchOrder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	lib := func(dir, name string) string { return put(t, filepath.Join(root, dir, name), dir) }
	var (
		option  = lib("option", "mine.so")
		env     = lib("env", "libonnxruntime.so")
		exe     = lib("exe", "libonnxruntime.so")
		old     = lib("usr", "libonnxruntime.so.1.21")
		system  = lib("usr", "libonnxruntime.so.1.25")
		cache   = lib("cache", "libonnxruntime.so")
		base    = search{exeDir: filepath.Dir(exe), system: []string{filepath.Join(root, "absent"), filepath.Dir(system)}, library: cache, names: libraryNames("linux")}
		inOrder = []string{exe, system, old, cache}
	)
	for k := range len(inOrder) + 1 {
		bad := inOrder[:k]
		found, tried, more := base.find(func(path string) error {
			if slices.Contains(bad, path) {
				return errors.New("spoilt")
			}
			return nil
		})
		if len(tried) != min(k+1, len(inOrder)) || !more {
			t.Fatalf("with %d spoilt, tried %v", k, tried)
		}
		for i, p := range tried[:k] {
			if p.Path != inOrder[i] || p.Problem != "spoilt" {
				t.Errorf("with %d spoilt, place %d is %v", k, i, p)
			}
		}
		if (found == nil) != (k == len(inOrder)) || found != nil && (found.Path != inOrder[k] || found.Problem != "") {
			t.Errorf("with %d spoilt, found %v", k, found)
		}
	}

	accept := func(string) error { return nil }
	named := base
	named.env = filepath.Dir(env)
	if found, _, _ := named.find(accept); found == nil || found.Path != env || found.Source != EnvLibrary {
		t.Errorf("a folder in the environment gave %v", found)
	}
	named.option = option
	if found, _, _ := named.find(accept); found == nil || found.Path != option || found.Source != sourceOption {
		t.Errorf("the option gave %v", found)
	}
	for _, wrong := range []string{filepath.Join(root, "none.so"), root} {
		named.option = wrong
		found, tried, more := named.find(accept)
		if found != nil || more || len(tried) != 1 || tried[0].Path != wrong {
			t.Errorf("an option that is wrong gave %v after %v", found, tried)
		}
		err := noRuntime(tried, true)
		if !errors.Is(err, ErrNoRuntime) || !strings.Contains(err.Error(), "--ort-lib: "+wrong) {
			t.Errorf("error %v", err)
		}
	}
}

func TestSearchSkipsOtherNamesOfOneLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "libonnxruntime.so.1"), "x")
	if err := os.Symlink("libonnxruntime.so.1", filepath.Join(dir, "libonnxruntime.so")); err != nil {
		t.Skip(err)
	}
	s := search{system: []string{dir}, names: libraryNames("linux")}
	_, tried, _ := s.find(func(string) error { return errors.New("spoilt") })
	if len(tried) != 1 {
		t.Errorf("tried %v, want one place", tried)
	}
}

// Every library that can be fetched has a name that the search looks for.
func TestLibraryNames(t *testing.T) {
	t.Parallel()
	for platform, b := range builds {
		goos, _, _ := strings.Cut(platform, "/")
		dir := t.TempDir()
		want := put(t, filepath.Join(dir, path.Base(b.file)), "x")
		put(t, filepath.Join(dir, "libother.so"), "x")
		s := search{names: libraryNames(goos)}
		if got := s.libraries(dir); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: found %v, want %s", platform, got, want)
		}
	}
}

// A library too old is known by its symbols, before it is loaded.
func TestOldLibraryIsNotLoaded(t *testing.T) {
	t.Parallel()
	cc, err := exec.LookPath("cc")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("needs a C compiler on Linux")
	}
	dir := t.TempDir()
	source := put(t, filepath.Join(dir, "old.c"), "void *OrtGetApiBase(void) { return 0; }\n")
	for version, ok := range map[string]bool{"1.21.0": false, "1.24.0": true, "2.0.0": true} {
		script := put(t, filepath.Join(dir, version), fmt.Sprintf("VERS_%s { global: *; };\n", version))
		lib := filepath.Join(dir, "lib"+version+".so")
		if out, err := exec.Command(cc, "-shared", "-fPIC", "-Wl,--version-script="+script, "-o", lib, source).CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, out)
		}
		if got := elfVersion(lib); got != version {
			t.Errorf("version is %q, want %q", got, version)
		}
		err := checkLibrary(lib)
		if (err == nil) != ok || err != nil && err.Error() != "version 1.21.0 is older than 1.24" {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestSystemFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := put(t, filepath.Join(dir, "ld.so.conf"), "# comment\n/opt/a # why\ninclude ld.so.conf.d/*.conf\ninclude ld.so.conf\n")
	put(t, filepath.Join(dir, "ld.so.conf.d", "x.conf"), "/opt/b\n\nrelative\n")
	env := map[string]string{"LD_LIBRARY_PATH": "/opt/c:/opt/a", "PATH": "/ignored"}
	got := systemFolders("linux", "arm64", func(k string) string { return env[k] }, conf)
	want := []string{"/opt/c", "/opt/a", "/opt/b", "/usr/lib/aarch64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib"}
	if runtime.GOOS != "windows" && !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
