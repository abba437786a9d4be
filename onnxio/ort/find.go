package ort

import (
	"bufio"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// EnvLibrary is the environment variable that names the runtime's library.
const EnvLibrary = "ONNXRUNTIME_SHARED_LIBRARY_PATH"

// ErrNoRuntime is what errors.Is finds when there is no runtime to work with.
var ErrNoRuntime = errors.New("no usable ONNX Runtime library")

// Place is where the runtime was looked for.
type Place struct {
	Source  string `json:"source"`            // why this place, in words
	Path    string `json:"path"`              // the file, folder or module
	Problem string `json:"problem,omitempty"` // empty for the library in use
}

func (p Place) String() string { return p.Source + ": " + p.Path + ": " + p.Problem }

const (
	sourceOption = "--ort-lib"
	sourceExe    = "beside the executable"
	sourceSystem = "system library path"
	sourceCache  = "user cache"
	sourceModule = "Go module"
)

// The oldest runtime whose C API this package can call.
const oldestMinor = 24

// search says where to look. Empty fields are places that are not there.
type search struct {
	option  string   // named by the caller
	env     string   // named by the environment
	exeDir  string   // the executable's folder
	system  []string // the system's folders
	build   build    // this platform's; zero where none is known
	library string   // where the user's cache has the build
	names   []string // patterns of the library's file name, best first
}

func newSearch(option string) search {
	s := search{
		option: option,
		env:    os.Getenv(EnvLibrary),
		system: systemFolders(runtime.GOOS, runtime.GOARCH, os.Getenv, "/etc/ld.so.conf"),
		names:  libraryNames(runtime.GOOS),
	}
	if exe, err := os.Executable(); err == nil {
		s.exeDir = filepath.Dir(exe)
	}
	if b, ok := builds[runtime.GOOS+"/"+runtime.GOARCH]; ok {
		s.build, s.library = b, b.cached()
	}
	return s
}

func libraryNames(goos string) []string {
	switch goos {
	case "windows":
		return []string{"onnxruntime.dll"}
	case "darwin":
		return []string{"libonnxruntime.dylib", "libonnxruntime.*.dylib"}
	}
	return []string{"libonnxruntime.so", "libonnxruntime.so.*"}
}

// find tries the places in order until load accepts a library. It returns
// that place and all that it tried. A place that somebody named is the only
// one tried: another library behind a user's back helps nobody. more is then
// false, and true where the search may go on.
func (s search) find(load func(path string) error) (found *Place, tried []Place, more bool) {
	try := func(source, path string) bool {
		p := Place{Source: source, Path: path}
		err := checkLibrary(path)
		if err == nil {
			err = load(path)
		}
		if err == nil {
			tried = append(tried, p)
			found = &p
			return true
		}
		p.Problem = err.Error()
		tried = append(tried, p)
		return false
	}
	for _, named := range []Place{{Source: sourceOption, Path: s.option}, {Source: EnvLibrary, Path: s.env}} {
		if named.Path == "" {
			continue
		}
		path := named.Path
		if files := s.libraries(path); len(files) > 0 {
			path = files[0]
		}
		if abs, err := filepath.Abs(path); err == nil {
			path = abs // a bare name would be looked up elsewhere by the system
		}
		try(named.Source, path)
		return found, tried, false
	}
	seen := map[string]bool{} // by resolved path: one library has several names
	for _, group := range []struct {
		source  string
		folders []string
	}{{sourceExe, nonEmpty(s.exeDir)}, {sourceSystem, s.system}} {
		before := len(tried)
		for _, dir := range group.folders {
			for _, path := range s.libraries(dir) {
				real, err := filepath.EvalSymlinks(path)
				if err != nil || seen[real] {
					continue
				}
				seen[real] = true
				if try(group.source, path) {
					return found, tried, true
				}
			}
		}
		if len(tried) == before && len(group.folders) > 0 {
			tried = append(tried, Place{group.source, strings.Join(group.folders, string(os.PathListSeparator)), "no " + s.names[0]})
		}
	}
	if s.library != "" {
		try(sourceCache, s.library)
	}
	return found, tried, true
}

// libraries returns the files in dir that may be the runtime, newest name first
// within each pattern; none when dir is no folder.
func (s search) libraries(dir string) []string {
	var files []string
	for _, name := range s.names {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil
		}
		for _, e := range slices.Backward(entries) {
			if ok, _ := filepath.Match(name, e.Name()); ok && !e.IsDir() {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	return files
}

// checkLibrary refuses what can be seen to be unusable without loading it:
// loading an old library makes it print to the terminal.
func checkLibrary(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Unwrap(err)
	}
	if info.IsDir() {
		return errors.New("no runtime library in this folder")
	}
	version := elfVersion(path)
	major, minor, ok := parseVersion(version)
	if ok && major == 1 && minor < oldestMinor {
		return fmt.Errorf("version %s is older than 1.%d", version, oldestMinor)
	}
	return nil
}

// elfVersion returns the runtime's version as its exported symbols carry it, or
// "" where they do not.
func elfVersion(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return ""
	}
	for _, s := range symbols {
		if s.Name == "OrtGetApiBase" {
			version, _ := strings.CutPrefix(s.Version, "VERS_")
			return version
		}
	}
	return ""
}

func parseVersion(s string) (major, minor int, ok bool) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) < 2 {
		return 0, 0, false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return major, minor, err1 == nil && err2 == nil
}

// systemFolders returns the folders the system's loader searches, without
// repeats.
func systemFolders(goos, goarch string, getenv func(string) string, ldconf string) []string {
	var dirs []string
	switch goos {
	case "windows":
		dirs = filepath.SplitList(getenv("PATH"))
	case "darwin":
		dirs = append(filepath.SplitList(getenv("DYLD_LIBRARY_PATH")), "/opt/homebrew/lib", "/usr/local/lib", "/usr/lib")
	default:
		dirs = append(filepath.SplitList(getenv("LD_LIBRARY_PATH")), ldconfFolders(ldconf, 0)...)
		if triplet := map[string]string{
			"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "arm": "arm-linux-gnueabihf",
		}[goarch]; triplet != "" {
			dirs = append(dirs, "/usr/lib/"+triplet, "/lib/"+triplet)
		}
		dirs = append(dirs, "/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib")
	}
	var once []string
	for _, d := range dirs {
		if filepath.IsAbs(d) && !slices.Contains(once, d) {
			once = append(once, d)
		}
	}
	return once
}

// ldconfFolders returns the folders that ld.so.conf and what it includes name.
func ldconfFolders(path string, depth int) []string {
	f, err := os.Open(path)
	if err != nil || depth > 4 {
		return nil
	}
	defer f.Close()
	var dirs []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if fields[0] != "include" {
			dirs = append(dirs, fields[0])
			continue
		}
		for _, pattern := range fields[1:] {
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(path), pattern)
			}
			files, _ := filepath.Glob(pattern)
			for _, file := range files {
				dirs = append(dirs, ldconfFolders(file, depth+1)...)
			}
		}
	}
	return dirs
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// noRuntime is the error when every place failed.
func noRuntime(tried []Place, named bool) error {
	text := make([]string, len(tried))
	for i, p := range tried {
		text[i] = p.String()
	}
	advice := "; install ONNX Runtime 1." + strconv.Itoa(oldestMinor) + " or newer and name its library with --ort-lib or " + EnvLibrary
	if named {
		advice = ""
	}
	return fmt.Errorf("%w: %s%s", ErrNoRuntime, strings.Join(text, "; "), advice)
}
