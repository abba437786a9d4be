package page

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/filelock"
	"github.com/prunefuse/prunefuse/labelling"
)

// AnswersFile holds the answers of all people to all batches, in the order in which
// they were given; lockFile keeps a second server away from them.
const (
	AnswersFile = "page.jsonl"
	lockFile    = ".page.lock"
)

const (
	skipWord   = labelling.DefaultSkip
	unsureWord = labelling.DefaultUnsure
)

// Answer is one line of the answers.
type Answer struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"` // a class, or a word for none
	Annotator string    `json:"annotator"`
	Time      time.Time `json:"time"`
}

// answers are those of the folder. One server holds them at a time.
type answers struct {
	path string
	lock *os.File
	list []Answer // at most one of an annotator to a sample
	now  func() time.Time
}

// ErrServed is the error of a folder that another server holds.
var ErrServed = errors.New("another page serves this folder")

// openAnswers reads the answers in a folder, which is made where it is not there.
func openAnswers(folder string) (*answers, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	lock, err := filelock.Open(filepath.Join(folder, lockFile))
	switch {
	case errors.Is(err, filelock.ErrBusy):
		return nil, fmt.Errorf("%w: %w", ErrServed, err)
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return nil, err
	}
	a := &answers{path: filepath.Join(folder, AnswersFile), lock: lock, now: time.Now}
	if err := a.read(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close lets another server have the answers.
func (a *answers) Close() error {
	if a.lock == nil {
		return nil
	}
	err := os.Remove(a.lock.Name())
	return errors.Join(err, a.lock.Close())
}

func (a *answers) read() error {
	f, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for n := 1; ; n++ {
		var one Answer
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			a.list = latest(a.list)
			return nil
		}
		if err == nil && (one.ID == "" || one.Label == "" || one.Annotator == "") {
			err = errors.New("it lacks id, label or annotator")
		}
		if err != nil {
			return fmt.Errorf("%s: answer %d: %w; the page wrote the file, and wants it as it was", a.path, n, err)
		}
		a.list = append(a.list, one)
	}
}

// latest leaves the last answer of each annotator to each sample.
func latest(list []Answer) []Answer {
	last := make(map[[2]string]int, len(list))
	for i, one := range list {
		last[[2]string{one.ID, one.Annotator}] = i
	}
	var out []Answer
	for i, one := range list {
		if last[[2]string{one.ID, one.Annotator}] == i {
			out = append(out, one)
		}
	}
	return out
}

// with returns the answers with one in the place of an earlier one of the same annotator
// to the same sample.
func (a *answers) with(one Answer) []Answer {
	return append(slices.DeleteFunc(slices.Clone(a.list), func(old Answer) bool {
		return old.ID == one.ID && old.Annotator == one.Annotator
	}), one)
}

// say writes an answer to the disk. Its time is not before that of the answers so far,
// also where the clock was set back.
func (a *answers) say(id, label, annotator string) error {
	at := a.now().UTC().Truncate(time.Millisecond)
	for _, old := range a.list {
		if !at.After(old.Time) {
			at = old.Time.Add(time.Millisecond)
		}
	}
	return a.write(a.with(Answer{id, label, annotator, at}))
}

// takeBack removes the last answer of an annotator to a sample that counts, and returns
// the sample; "" where there is none.
func (a *answers) takeBack(annotator string, counts func(id string) bool) (id string, err error) {
	for i := len(a.list) - 1; i >= 0; i-- {
		if old := a.list[i]; old.Annotator == annotator && counts(old.ID) {
			return old.ID, a.write(slices.Delete(slices.Clone(a.list), i, i+1))
		}
	}
	return "", nil
}

// write replaces the answers, on the disk first. Where that fails they stay as they are.
func (a *answers) write(list []Answer) error {
	err := atomicfile.Write(a.path, 0o666, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, one := range list {
			if err := e.Encode(one); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		a.list = list
	}
	return err
}

// of returns the answer of an annotator to a sample.
func (a *answers) of(id, annotator string) (Answer, bool) {
	for _, one := range a.list {
		if one.ID == id && one.Annotator == annotator {
			return one, true
		}
	}
	return Answer{}, false
}

// maxName bounds the characters of an annotator's name.
const maxName = 60

// checkName refuses what is no name of a person.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "" || strings.TrimSpace(name) != name:
		return errors.New("the name is empty, or has blanks around it")
	case utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name):
		return fmt.Errorf("the name has more than %d characters, or is no text", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("the name has characters that cannot be seen")
	}
	return nil
}
