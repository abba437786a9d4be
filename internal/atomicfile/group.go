package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Group collects files that appear together. Each Write puts one beside its
// target under a temporary name, Commit renames them all, Discard removes what
// was not committed:
//
//	var g atomicfile.Group
//	defer g.Discard()
//	… g.Write(model, 0o666, …) … g.Write(plan, 0o666, …)
//	return g.Commit()
//
// The zero value is ready for use. A Group is not for concurrent use.
type Group struct {
	// Stream is what the file named [Stream] is written to, at once; nil where
	// no file has that name.
	Stream  io.Writer
	pending []pending
}

// Stream is the name of a file that stands for a stream, as on command lines.
const Stream = "-"

type pending struct {
	temp, target string
	backup       string // the replaced file, kept until all are renamed
	renamed      bool
}

// Write adds the file path to the group, written as [Write] does it. A device
// or pipe is written at once.
func (g *Group) Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	if path == Stream && g.Stream != nil {
		return write(g.Stream)
	}
	target, inPlace, err := resolve(path)
	if err != nil {
		return err
	}
	if inPlace {
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return fill(f, path, write)
	}
	f, err := temporary(target, perm)
	if err != nil {
		return err
	}
	complete := false
	defer func() { // also when write panics
		if !complete {
			os.Remove(f.Name())
		}
	}()
	if err := fill(f, path, write); err != nil {
		return err
	}
	complete = true
	g.pending = append(g.pending, pending{temp: f.Name(), target: target})
	return nil
}

// Commit moves every file of the group to its target. When one cannot be
// moved, those moved before it are undone and the error is returned. The group
// is empty afterwards.
func (g *Group) Commit() error {
	for i := range g.pending {
		if err := g.pending[i].commit(len(g.pending) > 1); err != nil {
			err = relabel(err, g.pending[i].target)
			g.undo()
			return err
		}
	}
	for _, p := range g.pending {
		if p.backup != "" {
			os.Remove(p.backup)
		}
		syncFolder(filepath.Dir(p.target))
	}
	g.pending = nil
	return nil
}

// Discard removes the files that were written and not committed. It is safe to
// call after Commit.
func (g *Group) Discard() { g.undo() }

// commit moves one file to its target. With keepOld the file it replaces is
// kept as a backup.
func (p *pending) commit(keepOld bool) error {
	if info, err := os.Lstat(p.target); err == nil && info.IsDir() {
		return fmt.Errorf("write %s: it is a folder", p.target)
	}
	if keepOld {
		backup := filepath.Join(filepath.Dir(p.target), ".prunefuse-"+rand.Text()+".tmp")
		err := os.Link(p.target, backup)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			// A file system without hard links: the target is briefly absent.
			err = os.Rename(p.target, backup)
		}
		switch {
		case err == nil:
			p.backup = backup
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if err := os.Rename(p.temp, p.target); err != nil {
		return err
	}
	p.renamed = true
	return nil
}

func (g *Group) undo() {
	for i := len(g.pending) - 1; i >= 0; i-- {
		p := g.pending[i]
		switch {
		case p.backup != "":
			_ = os.Rename(p.backup, p.target) // Commit has its error already
			os.Remove(p.backup)               // renaming a link over its own file leaves both
		case p.renamed:
			os.Remove(p.target)
		}
		if !p.renamed {
			os.Remove(p.temp)
		}
	}
	g.pending = nil
}
