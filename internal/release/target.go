package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// target is a platform to build for.
type target struct {
	os, arch string
	cgo      bool
	cc       string // the C compiler, where it is not the machine's own
}

func (t target) String() string { return t.os + "/" + t.arch }

// crossCompiler compiles C for linux/arm64 on other machines.
const crossCompiler = "aarch64-linux-gnu-gcc"

// targets are all platforms of a release, with cgo where it can be had here.
func targets() []target {
	all := []target{
		{os: "linux", arch: "amd64"},
		{os: "linux", arch: "arm64"},
		{os: "darwin", arch: "amd64"},
		{os: "darwin", arch: "arm64"},
		{os: "windows", arch: "amd64"},
	}
	for i := range all {
		t := &all[i]
		switch {
		case t.os == runtime.GOOS && t.arch == runtime.GOARCH:
			t.cgo = true
		case t.String() == "linux/arm64":
			if _, err := exec.LookPath(crossCompiler); err == nil {
				t.cgo, t.cc = true, crossCompiler
			}
		}
	}
	return all
}

// choose finds the targets that a list names; an empty one is all.
func choose(list string) ([]target, error) {
	all := targets()
	if list == "" {
		return all, nil
	}
	var out []target
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("no target %q; there are %v", name, all)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// archive is the name of the target's archive, without its ending.
func (t target) archive(version string) string {
	name := fmt.Sprintf("prunefuse_%s_%s_%s", version, t.os, t.arch)
	if !t.cgo {
		name += "_nocgo"
	}
	return name
}

func (t target) ending() string {
	if t.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

func (t target) program() string {
	if t.os == "windows" {
		return "prunefuse.exe"
	}
	return "prunefuse"
}

const module = "github.com/prunefuse/prunefuse"

// build compiles the program for a target and returns its path.
func (r *release) build(t target) (string, error) {
	path := filepath.Join(r.scratch, t.archive(r.version), t.program())
	flags := "-s -w -buildid= -X " + module + "/internal/version.Version=" + r.version
	cmd := command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", path, "./cmd/prunefuse")
	cgo := "0"
	if t.cgo {
		cgo = "1"
	}
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED="+cgo)
	if t.cc != "" {
		cmd.Env = append(cmd.Env, "CC="+t.cc)
	}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return path, nil
}
