package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	var r release
	var only string
	flag.StringVar(&r.out, "o", "dist", "the `folder` to write the archives to, made where there is none")
	flag.StringVar(&r.version, "version", "", "the `version`; the default is the commit's tag, or what git describes it by")
	flag.StringVar(&only, "targets", "", "the `targets` to build for, such as linux/amd64,darwin/arm64; the default is all")
	flag.Parse()
	if err := r.run(only); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is what all archives of one release share.
type release struct {
	out     string
	version string
	time    time.Time // of the commit
	scratch string
}

func (r *release) run(only string) error {
	targets, err := choose(only)
	if err != nil {
		return err
	}
	if err := r.describe(); err != nil {
		return err
	}
	if r.scratch, err = os.MkdirTemp("", "prunefuse-release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.scratch)
	if err := os.MkdirAll(r.out, 0o777); err != nil {
		return err
	}
	shared, err := r.shared()
	if err != nil {
		return err
	}
	var names []string
	for _, t := range targets {
		name, err := r.pack(t, shared)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		fmt.Println(filepath.Join(r.out, name))
		names = append(names, name)
	}
	return writeSums(r.out, names)
}

// describe takes version and time from git, where they are not given.
func (r *release) describe() error {
	seconds, err := output("git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return err
	}
	r.time = time.Unix(at, 0).UTC()
	if r.version == "" {
		if r.version, err = output("git", "describe", "--tags", "--always", "--dirty"); err != nil {
			return err
		}
	}
	r.version = strings.TrimPrefix(r.version, "v")
	return nil
}

// shared are the files that every archive has beside the program. A program
// for this machine writes the manual pages and completions.
func (r *release) shared() ([]entry, error) {
	host := target{runtime.GOOS, runtime.GOARCH, false, ""}
	program, err := r.build(host)
	if err != nil {
		return nil, err
	}
	generated := filepath.Join(r.scratch, "generated")
	if err := command(program, "generate", "-q", "-o", generated).Run(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	var entries []entry
	for _, name := range []string{"LICENSE", "NOTICE", "README.md"} {
		entries = append(entries, entry{name, name, 0o644})
	}
	err = filepath.WalkDir(generated, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(generated, path)
		entries = append(entries, entry{filepath.ToSlash(name), path, 0o644})
		return err
	})
	return entries, err
}

// pack builds the program for a target and writes its archive.
func (r *release) pack(t target, shared []entry) (name string, err error) {
	program, err := r.build(t)
	if err != nil {
		return "", err
	}
	folder := t.archive(r.version)
	entries := []entry{{t.program(), program, 0o755}}
	entries = append(entries, shared...)
	for i := range entries {
		entries[i].name = folder + "/" + entries[i].name
	}
	name = folder + t.ending()
	return name, writeArchive(filepath.Join(r.out, name), entries, r.time)
}

// command prepares a program whose messages are shown.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

// output is the one line that a program prints.
func output(name string, args ...string) (string, error) {
	b, err := command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	line := strings.TrimSpace(string(b))
	if line == "" {
		return "", errors.New(name + " says nothing")
	}
	return line, nil
}
