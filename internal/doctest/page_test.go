package doctest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the checkout, where this package's tests run two levels down.
const root = "../.."

// page is a Markdown file.
type page struct {
	path   string // from the root, with slashes
	text   string
	blocks []block
}

// block is a fence, or the commands of one row of a table.
type block struct {
	line   int    // of its first line of text
	lang   string // of a fence; "row" of a table's row
	text   string
	notRun string // the reason, where one is stated
	file   string // to write the text to
	from   string // the file that holds the text
	given  []string
	fresh  bool // a new folder begins here, with given
}

func (p *page) at(b block) string { return fmt.Sprintf("%s:%d", p.path, b.line) }

var (
	comment = regexp.MustCompile(`<!-- (given|file|from|not run): *(.*?) *-->`)
	span    = regexp.MustCompile("`+[^`]+`+")
	divider = regexp.MustCompile(`^\|[ :|-]+\|$`)
)

// readPages reads all pages of the documentation.
func readPages(t *testing.T) []*page {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md", "RATIONALE.md", "CHANGELOG.md"}
	for _, dir := range []string{"docs", "examples", ".github"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".md" {
				return err
			}
			path, err = filepath.Rel(root, path)
			paths = append(paths, filepath.ToSlash(path))
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	var pages []*page
	for _, path := range paths {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		p := &page{path: path, text: string(b)}
		if err := p.parse(); err != nil {
			t.Error(err)
		}
		pages = append(pages, p)
	}
	return pages
}

// parse finds the blocks of a page.
func (p *page) parse() error {
	lines := strings.Split(p.text, "\n")
	var next block // what comments say of the block to come
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		fence := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(fence, "```"):
			indent := line[:len(line)-len(fence)]
			end := slices.Index(lines[i+1:], indent+"```")
			if end < 0 {
				return fmt.Errorf("%s:%d: the fence has no end", p.path, i+1)
			}
			next.line, next.lang = i+2, strings.TrimPrefix(fence, "```")
			for _, l := range lines[i+1 : i+1+end] {
				next.text += strings.TrimPrefix(l, indent) + "\n"
			}
			p.blocks, next = append(p.blocks, next), block{}
			i += end + 1
		case divider.MatchString(line):
			i = p.table(lines, i+1, next)
			next = block{}
		default:
			next.read(line)
		}
	}
	return nil
}

// table takes the rows that begin at line i, and returns the last of them.
func (p *page) table(lines []string, i int, said block) int {
	for ; i < len(lines) && strings.HasPrefix(lines[i], "|"); i++ {
		row := said
		row.line, row.lang = i+1, "row"
		row.read(lines[i])
		for _, s := range span.FindAllString(lines[i], -1) {
			if s = strings.Trim(s, "`"); strings.HasPrefix(s, "prunefuse ") || strings.HasPrefix(s, "go run ") {
				row.text += s + "\n"
			}
		}
		if row.text != "" {
			p.blocks = append(p.blocks, row)
			said.fresh = false
		}
	}
	return i - 1
}

// read takes in what the comments of a line say.
func (b *block) read(line string) {
	for _, m := range comment.FindAllStringSubmatch(line, -1) {
		switch m[1] {
		case "given":
			b.given, b.fresh = strings.Fields(m[2]), true
		case "file":
			b.file = m[2]
		case "from":
			b.from = m[2]
		case "not run":
			b.notRun = m[2]
		}
	}
}

// languages are those of fences, of which sh and console are run.
var languages = []string{"sh", "console", "go", "json", "yaml", "xml", "text"}

func TestFences(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`(?m)^(\$ |prunefuse [a-z]|go (run|test) )`)
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			runs := b.lang == "sh" || b.lang == "console" || b.lang == "row"
			switch {
			case b.lang != "row" && !slices.Contains(languages, b.lang):
				t.Errorf("%s: a fence of %q: want one of %v", p.at(b), b.lang, languages)
			case !runs && command.MatchString(b.text):
				t.Errorf("%s: commands in a fence of %s: want sh or console", p.at(b), b.lang)
			case !runs && b.notRun != "":
				t.Errorf("%s: there is nothing to run", p.at(b))
			case (b.lang == "go") != (b.from != ""):
				t.Errorf("%s: a snippet of Go, and no other, says from which file it is", p.at(b))
			case b.lang == "console" && !strings.HasPrefix(b.text, "$ "):
				t.Errorf("%s: a console fence begins with \"$ \" and a command", p.at(b))
			}
		}
	}
}

// TestSnippets finds the snippets of Go in the compiled files that they name.
func TestSnippets(t *testing.T) {
	t.Parallel()
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if b.lang != "go" || b.from == "" {
				continue
			}
			source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(b.from)))
			if err != nil {
				t.Errorf("%s: %v", p.at(b), err)
			} else if !strings.Contains(dedent(string(source)), dedent(b.text)) {
				t.Errorf("%s: this is not in %s", p.at(b), b.from)
			}
		}
	}
}

// dedent drops the space around every line.
func dedent(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		out.WriteString(strings.TrimSpace(line) + "\n")
	}
	return out.String()
}
