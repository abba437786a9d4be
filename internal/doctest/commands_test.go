package doctest

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommands runs the commands of all pages, those of a page in their order.
func TestCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	inputs := t.TempDir()
	script, err := filepath.Abs(filepath.Join("testdata", "inputs.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.run(t, inputs, "sh -eu "+script); err != nil {
		t.Fatalf("make the inputs: %v\n%s", err, out)
	}
	for _, p := range readPages(t) {
		t.Run(strings.ReplaceAll(p.path, "/", "_"), func(t *testing.T) {
			t.Parallel()
			s.page(t, p, inputs)
		})
	}
}

func (s shell) page(t *testing.T, p *page, inputs string) {
	t.Helper()
	dir := t.TempDir()
	for _, b := range p.blocks {
		if b.fresh {
			dir = t.TempDir()
			for _, name := range b.given {
				from := filepath.Join(inputs, name)
				if _, err := os.Stat(from); err != nil { // a file beside the page
					from = filepath.Join(root, filepath.FromSlash(path.Dir(p.path)), name)
				}
				copyInto(t, from, filepath.Join(dir, name))
			}
		}
		var err error
		switch {
		case b.file != "":
			err = os.WriteFile(filepath.Join(dir, b.file), []byte(b.text), 0o666)
		case b.notRun != "":
		case b.lang == "sh" || b.lang == "row":
			var out string
			if out, err = s.run(t, dir, b.text); err != nil {
				err = fmt.Errorf("%w\n%s%s", err, b.text, out)
			}
		case b.lang == "console":
			err = s.session(t, dir, b.text)
		}
		if err != nil {
			t.Fatalf("%s: %v", p.at(b), err)
		}
	}
}

// session runs the commands of a console fence and compares what they print.
func (s shell) session(t *testing.T, dir, text string) error {
	t.Helper()
	for part := range strings.SplitSeq("\n"+strings.TrimSuffix(text, "\n"), "\n$ ") {
		if part == "" {
			continue
		}
		command, want, _ := strings.Cut(part, "\n")
		for strings.HasSuffix(command, "\\") {
			var more string
			more, want, _ = strings.Cut(want, "\n")
			command += "\n" + more
		}
		got, err := s.run(t, dir, command)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, got)
		}
		if got = trimLines(got); !pattern(want).MatchString(got) {
			return fmt.Errorf("%s: prints\n%s\nthe page says\n%s", command, got, want)
		}
	}
	return nil
}

// pattern matches the output that a page shows, in which … is left out.
func pattern(want string) *regexp.Regexp {
	var re strings.Builder
	re.WriteString(`^`)
	for line := range strings.SplitSeq(want, "\n") {
		if strings.TrimSpace(line) == "…" {
			re.WriteString(`(?:.*\n)*?`)
			continue
		}
		re.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), "…", `.*?`) + `\n`)
	}
	return regexp.MustCompile(re.String() + `$`)
}

// trimLines drops the space at the end of lines, which editors do not keep.
func trimLines(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if out.Len() == 0 {
		return "\n"
	}
	return out.String()
}

// copyInto copies a file or a folder.
func copyInto(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	switch {
	case err != nil:
	case info.IsDir():
		err = os.CopyFS(to, os.DirFS(from))
	default:
		var b []byte
		if b, err = os.ReadFile(from); err == nil {
			if err = os.MkdirAll(filepath.Dir(to), 0o777); err == nil {
				err = os.WriteFile(to, b, info.Mode())
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSession holds the comparison to what it must not let pass.
func TestSession(t *testing.T) {
	t.Parallel()
	s := shell{bin: t.TempDir()}
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"$ echo a\na\n", true},
		{"$ echo a b c\na … c\n", true},
		{"$ printf 'a\\nb\\nc\\n'\na\n…\nc\n", true},
		{"$ printf 'a\\nc\\n'\na\n…\nc\n", true},
		{"$ echo \\\n  a\na\n$ echo b\nb\n", true},
		{"$ true\n", true},
		{"$ echo a\nb\n", false},
		{"$ echo a\n", false},
		{"$ true\na\n", false},
		{"$ false\n", false},
		{"$ printf 'a\\nb\\n'\na\n", false},
	} {
		if err := s.session(t, t.TempDir(), c.text); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	p := &page{path: "x.md", text: "<!-- given: a b -->\n\n| do | by |\n|---|---|\n| x | `prunefuse ops` |\n| y | `prunefuse run` <!-- not run: long --> |\n\n" +
		"<!-- file: f -->\n```yaml\na: 1\n```\n"}
	if err := p.parse(); err != nil || len(p.blocks) != 3 {
		t.Fatalf("%v: %+v", err, p.blocks)
	}
	first, second, third := p.blocks[0], p.blocks[1], p.blocks[2]
	if !first.fresh || len(first.given) != 2 || first.text != "prunefuse ops\n" || first.notRun != "" || second.fresh ||
		second.notRun != "long" || third.file != "f" || !bytes.Equal([]byte(third.text), []byte("a: 1\n")) {
		t.Errorf("%+v", p.blocks)
	}
}
