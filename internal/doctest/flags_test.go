package doctest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	flagName   = regexp.MustCompile(`(?:^|[\s('"])(--[a-z][a-z0-9-]*|-[a-zA-Z])\b`)
	helpFlag   = regexp.MustCompile(`(?m)^ +(?:(-[a-zA-Z]), )?(--[a-z][a-z0-9-]*)`)
	helpEntry  = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}`)
	invocation = regexp.MustCompile(`\bprunefuse((?: [a-z]+)*)([^|;&>\n]*)`)
	goPackage  = regexp.MustCompile(`\bgo (?:run|test|build|generate)\b[^\n` + "`" + `]*?(\./[\w./-]+|\s\.\s)`)
)

// goTest is a command that runs tests or benchmarks by name.
var goTest = regexp.MustCompile(`go test (\./[\w/]+) -(?:run|bench) '?(\w+)`)

// sourcePath is a path in one of the root's folders; capitals stand for a name
// to choose.
var sourcePath = regexp.MustCompile("`(([a-z]+)/[a-z0-9_./-]+)`")

// helps holds the flags of each command, such as "label export".
type helps map[string][]string

func (s shell) helps(t *testing.T) helps {
	t.Helper()
	all := helps{}
	var add func(command string)
	add = func(command string) {
		text, err := s.run(t, ".", "prunefuse "+command+" --help")
		if err != nil {
			t.Fatalf("help of %q: %v\n%s", command, err, text)
		}
		_, usage, _ := strings.Cut(text, "\nUsage:\n")
		flags := []string{"-h"}
		for _, m := range helpFlag.FindAllStringSubmatch(usage, -1) {
			flags = append(flags, m[1], m[2])
		}
		all[command] = flags
		for _, m := range helpEntry.FindAllStringSubmatch(usage, -1) {
			if m[1] != "help" {
				add(strings.TrimSpace(command + " " + m[1]))
			}
		}
	}
	add("")
	return all
}

// flags returns the flags of the longest command that words begin with; false
// where they begin with none.
func (h helps) flags(words []string) ([]string, bool) {
	for n := min(len(words), 2); n > 0; n-- {
		if f, ok := h[strings.Join(words[:n], " ")]; ok {
			return f, true
		}
	}
	return nil, false
}

// TestFlags finds every flag that the pages name in the help of its command,
// or, where a page names it alone, of any command.
func TestFlags(t *testing.T) {
	t.Parallel()
	all := newShell(t).helps(t)
	var any []string
	for _, f := range all {
		any = append(any, f...)
	}
	for _, p := range readPages(t) {
		if p.path == "CHANGELOG.md" {
			continue // it names what was, too
		}
		check := func(where, text string) {
			text = strings.ReplaceAll(text, "\\\n", " ")
			for _, m := range invocation.FindAllStringSubmatch(text, -1) {
				words := strings.Fields(m[1])
				flags, ok := all.flags(words)
				if len(words) > 0 && !ok {
					t.Errorf("%s: there is no command %q", where, words[0])
					continue
				} else if !ok {
					flags = all[""]
				}
				for _, f := range flagName.FindAllStringSubmatch(m[2], -1) {
					if !slices.Contains(flags, f[1]) {
						t.Errorf("%s: %s has no flag %s", where, strings.TrimSpace("prunefuse"+m[1]), f[1])
					}
				}
			}
		}
		for _, b := range p.blocks {
			if b.lang != "go" {
				check(p.at(b), b.text)
			}
		}
		for _, s := range span.FindAllString(outsideFences(p.text), -1) {
			s = strings.Trim(s, "`")
			check(p.path+": "+s, s)
			words := strings.Fields(s)
			if len(words) == 0 || slices.Contains([]string{"go", "golangci-lint", "bash", "sbatch", "docker"}, words[0]) || strings.Contains(s, "prunefuse") {
				continue
			}
			flags, ok := all.flags(words)
			if !ok {
				flags = any
			}
			for _, f := range flagName.FindAllStringSubmatch(s, -1) {
				if strings.HasPrefix(f[1], "--") && !slices.Contains(flags, f[1]) {
					t.Errorf("%s: no flag %s in `%s`", p.path, f[1], s)
				}
			}
		}
	}
}

// outsideFences leaves out the fences of a page.
func outsideFences(text string) string {
	var out strings.Builder
	within := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "```") {
			within = !within
		} else if !within {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestPaths finds the folders that the pages' go commands name, and the files
// and folders of the source that pages name by their path.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, p := range readPages(t) {
		for _, m := range goPackage.FindAllStringSubmatch(p.text, -1) {
			dir := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(m[1]), "..."), ".")
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir))); err != nil {
				t.Errorf("%s: %s: %v", p.path, strings.TrimSpace(m[0]), err)
			}
		}
		for _, m := range goTest.FindAllStringSubmatch(p.text, -1) {
			if dir := filepath.Join(root, filepath.FromSlash(m[1])); !hasTest(t, dir, m[2]) {
				t.Errorf("%s: %s has no test or benchmark %s", p.path, m[1], m[2])
			}
		}
		for _, m := range sourcePath.FindAllStringSubmatch(outsideFences(p.text), -1) {
			if info, err := os.Stat(filepath.Join(root, m[2])); err != nil || !info.IsDir() {
				continue // a user's path
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", p.path, err)
			}
		}
	}
}

// TestExitCodes finds the exit codes of the program's help in the guide.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	help, err := newShell(t).run(t, ".", "prunefuse --help")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs", "guides", "scripts.md"))
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^ +([0-9]+)  (.+)$`).FindAllStringSubmatch(help, -1)
	if len(codes) < 5 {
		t.Fatalf("the help lists %d exit codes", len(codes))
	}
	for _, m := range codes {
		if row := "\n| " + m[1] + " | " + m[2] + " |\n"; !strings.Contains(string(guide), row) {
			t.Errorf("docs/guides/scripts.md lacks the row%s", row)
		}
	}
}

// hasTest reports whether a test or a benchmark of a folder has a name with
// part in it.
func hasTest(t *testing.T, dir, part string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`(?m)^func (Test|Benchmark|Fuzz)\w*`)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range name.FindAllString(string(b), -1) {
			if strings.Contains(f, part) {
				return true
			}
		}
	}
	return false
}

// readmeLines is how long the README may be.
const readmeLines = 150

// TestReadme looks for every command of the program in the README.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	if n := strings.Count(readme, "\n"); n > readmeLines {
		t.Errorf("README.md has %d lines, want at most %d", n, readmeLines)
	}
	for command := range newShell(t).helps(t) {
		if command == "" || command == "label" {
			continue // it lists its commands
		}
		if !regexp.MustCompile("`prunefuse " + command + `\b`).MatchString(readme) {
			t.Errorf("README.md does not name `prunefuse %s`", command)
		}
	}
}
