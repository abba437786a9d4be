package ort

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// The runtime that is fetched when none is found: the CPU build of ONNX
// Runtime (MIT licence) that the sherpa-onnx project ships inside Go modules.
const (
	fetchedVersion = "1.28.2"
	moduleVersion  = "v1.13.8"
)

// module is a Go module with runtime libraries. sum is the hash that go.sum
// would carry.
type module struct{ path, sum string }

// build is one platform's library. The digest and size are of the file itself.
type build struct {
	module module
	file   string // within the module, with slashes
	sha256 string
	size   int64
}

var (
	linuxModule   = module{"github.com/k2-fsa/sherpa-onnx-go-linux", "h1:33xcR9pYuD/VZ2luCWP1PJ4uLLeYM0i5GWGgM1lZjP8="}
	macosModule   = module{"github.com/k2-fsa/sherpa-onnx-go-macos", "h1:TQFOntGvoH+L+9HpmKukq6cDag674W7YQr3680KK0Q8="}
	windowsModule = module{"github.com/k2-fsa/sherpa-onnx-go-windows", "h1:PjALQ7qHH6wmGyVeHMhGESh+EAtC/24rzZIth4PXcEs="}
)

// builds are the known libraries by GOOS/GOARCH.
var builds = map[string]build{
	"linux/amd64": {
		linuxModule, "lib/x86_64-unknown-linux-gnu/libonnxruntime.so",
		"4b3607aebd1784b26b6f9b20e4bd974c7ab8287043e4d095cb7d2cb40b5e566e", 27026609,
	},
	"linux/arm64": {
		linuxModule, "lib/aarch64-unknown-linux-gnu/libonnxruntime.so",
		"cfc800d4438f15e8d9017521326776ca7117d8783cb847ccccc2fc61ac4d540f", 34606912,
	},
	"linux/arm": {
		linuxModule, "lib/arm-unknown-linux-gnueabihf/libonnxruntime.so",
		"4636872e9b50f985b7ecaa55a6829dee81bdb96f77010b5bc0a4059e51d872dc", 20617061,
	},
	"darwin/amd64": {
		macosModule, "lib/x86_64-apple-darwin/libonnxruntime.dylib",
		"2bf27180c09e6fd3f407c9ab25205ebf1ff95f2d53bfa35e35409b5849e0ac70", 32315856,
	},
	"darwin/arm64": {
		macosModule, "lib/aarch64-apple-darwin/libonnxruntime.dylib",
		"b0613d0ae53199a83b05fa48e169211498e9d40d54beaa372068ebe5ec5b0929", 29006384,
	},
	"windows/amd64": {
		windowsModule, "lib/x86_64-pc-windows-gnu/onnxruntime.dll",
		"7f66f939a881baf4f46a2216496798edf4a1429878b646d12674aa62f27d8a25", 17799168,
	},
	"windows/arm64": {
		windowsModule, "lib/aarch64-pc-windows-gnu/onnxruntime.dll",
		"968d081836cad9af537105f59e34d4997bca2ce6d78ff39d3e47660620e8a642", 17635328,
	},
	"windows/386": {
		windowsModule, "lib/i686-pc-windows-gnu/onnxruntime.dll",
		"f97ee62a7b275bd660d5247d8921755f7bc31cccf8f6c4675d1e185fde8440f9", 15285760,
	},
}

// cached returns the path of the library in the user's cache, or "" where the
// user has none.
func (b build) cached() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	platform := runtime.GOOS + "-" + runtime.GOARCH
	return filepath.Join(dir, "prunefuse", "onnxruntime-"+fetchedVersion, platform, filepath.Base(b.file))
}

// download puts a module's files on disk and returns their folder and the
// module's hash.
type download func(ctx context.Context, path, version string) (dir, sum string, err error)

// fetch gets the library into target and returns the path to load. Where
// target is "" the file is used where the module lies. Several processes may
// do this at once: each renames the same verified content into place.
func (b build) fetch(ctx context.Context, get download, target string) (string, error) {
	dir, sum, err := get(ctx, b.module.path, moduleVersion)
	if err != nil {
		return "", err
	}
	if sum != b.module.sum {
		return "", fmt.Errorf("module hash is %s, want %s", sum, b.module.sum)
	}
	source := filepath.Join(dir, filepath.FromSlash(b.file))
	f, err := os.Open(source)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if target == "" {
		if err := b.copyVerified(ctx, io.Discard, f); err != nil {
			return "", err
		}
		return source, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	err = atomicfile.Write(target, 0o644, func(w io.Writer) error { return b.copyVerified(ctx, w, f) })
	if err != nil && b.intact(target) != nil {
		return "", err
	}
	return target, nil
}

// copyVerified copies r to w and fails unless r is the pinned file.
func (b build) copyVerified(ctx context.Context, w io.Writer, r io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); n != b.size || got != b.sha256 {
		return fmt.Errorf("%s has %d bytes and SHA-256 %s, want %d and %s", filepath.Base(b.file), n, got, b.size, b.sha256)
	}
	return nil
}

// intact checks the size of a cached library; its digest was checked before it
// was given its name.
func (b build) intact(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Unwrap(err)
	}
	if info.Size() != b.size {
		return fmt.Errorf("has %d bytes, want %d", info.Size(), b.size)
	}
	return nil
}

// goModDownload runs the go command, in an empty folder so that no module or
// workspace of the user is read or changed. The checksum database is not
// asked: the caller compares with its own pinned hash.
func goModDownload(ctx context.Context, path, version string) (dir, sum string, err error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return "", "", errors.New("the go command, which would download it, is not on the PATH")
	}
	empty, err := os.MkdirTemp("", "prunefuse-fetch-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(empty)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, goTool, "mod", "download", "-json", path+"@"+version)
	cmd.Dir = empty
	cmd.Env = append(os.Environ(), "GO111MODULE=on", "GOWORK=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GOSUMDB=off")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	runErr := cmd.Run()
	if ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	var answer struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil || runErr != nil || answer.Error != "" {
		why := answer.Error
		if why == "" {
			why = stderr.String()
		}
		if strings.TrimSpace(why) == "" {
			why = fmt.Sprint(runErr)
		}
		return "", "", fmt.Errorf("go mod download: %s", oneLine(why))
	}
	return answer.Dir, answer.Sum, nil
}
