package ort

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// source returns a module folder with one library, and the build that pins it.
func source(t *testing.T, content string) (build, download) {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "lib", "p", "libonnxruntime.so"), content)
	digest := sha256.Sum256([]byte(content))
	b := build{module{"example.com/libs", "h1:good"}, "lib/p/libonnxruntime.so", hex.EncodeToString(digest[:]), int64(len(content))}
	return b, func(_ context.Context, path, version string) (string, string, error) {
		if path != b.module.path || version != moduleVersion {
			t.Errorf("download of %s@%s", path, version)
		}
		return dir, "h1:good", nil
	}
}

func TestFetchChecksWhatItGets(t *testing.T) {
	t.Parallel()
	good, get := source(t, "the library")
	wrongSum, wrongDigest, wrongSize, absent := good, good, good, good
	wrongSum.module.sum = "h1:other"
	wrongDigest.sha256 = strings.Repeat("0", 64)
	wrongSize.size++
	absent.file = "lib/q/libonnxruntime.so"
	for name, c := range map[string]struct {
		b    build
		want string
	}{
		"sum": {wrongSum, "module hash is h1:good, want h1:other"}, "digest": {wrongDigest, "SHA-256"}, "size": {wrongSize, "11 bytes"}, "absent": {absent, "no such file"},
	} {
		cache := filepath.Join(t.TempDir(), "cache")
		target := filepath.Join(cache, "libonnxruntime.so")
		for _, to := range []string{target, ""} {
			if path, err := c.b.fetch(t.Context(), get, to); err == nil || path != "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %q, %v, want an error with %s", name, path, err, c.want)
			}
		}
		if left, _ := os.ReadDir(cache); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestFetchByManyAtOnce(t *testing.T) {
	t.Parallel()
	b, get := source(t, strings.Repeat("library ", 100_000))
	target := filepath.Join(t.TempDir(), "a", "b", "libonnxruntime.so")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if path, err := b.fetch(t.Context(), get, target); err != nil || path != target {
				t.Errorf("%q, %v", path, err)
			}
		})
	}
	wg.Wait()
	if left, err := os.ReadDir(filepath.Dir(target)); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	b, get := source(t, "the library")
	s := search{build: b, library: filepath.Join(t.TempDir(), "cache", "libonnxruntime.so"), names: libraryNames("linux")}
	load := func(string) (string, error) { return "1.28.2", nil }
	fail := func(context.Context, string, string) (string, string, error) {
		return "", "", errors.New("no network")
	}

	_, tried, err := s.locate(t.Context(), Options{Offline: true}, get, load)
	if !errors.Is(err, ErrNoRuntime) || !strings.Contains(err.Error(), "not fetched when offline") || len(tried) != 2 {
		t.Errorf("offline: %v after %v", err, tried)
	}
	_, _, err = s.locate(t.Context(), Options{}, fail, load)
	for _, want := range []string{"user cache: " + s.library + ": no such file", "example.com/libs@" + moduleVersion + ": no network", "--ort-lib or " + EnvLibrary} {
		if !errors.Is(err, ErrNoRuntime) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = s.locate(ctx, Options{}, func(context.Context, string, string) (string, string, error) {
		cancel()
		return "", "", context.Canceled
	}, load)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoRuntime) {
		t.Errorf("cancelled: %v", err)
	}

	var progress bytes.Buffer
	l, tried, err := s.locate(t.Context(), Options{Progress: &progress}, get, load)
	if err != nil || l.path != s.library || l.version != "1.28.2" || tried[len(tried)-1].Problem != "" {
		t.Fatalf("fetched %v, %v after %v", l, err, tried)
	}
	if got := progress.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "example.com/libs") {
		t.Errorf("progress is %q", got)
	}
	progress.Reset()
	if l, _, err = s.locate(t.Context(), Options{Progress: &progress}, fail, load); err != nil || l.source != sourceCache || progress.Len() != 0 {
		t.Errorf("from the cache: %v, %v, %q", l, err, &progress)
	}
	// A cached file that was cut short is fetched again.
	if err := os.Truncate(s.library, 3); err != nil {
		t.Fatal(err)
	}
	if l, tried, err = s.locate(t.Context(), Options{}, get, load); err != nil || !strings.Contains(tried[0].Problem, "3 bytes") || b.intact(l.path) != nil {
		t.Errorf("after a cut: %v, %v, %v", l, err, tried)
	}
}

func TestBuildsArePinned(t *testing.T) {
	t.Parallel()
	for platform, b := range builds {
		digest, err := hex.DecodeString(b.sha256)
		if err != nil || len(digest) != sha256.Size || b.size < 1<<20 || !strings.HasPrefix(b.module.sum, "h1:") {
			t.Errorf("%s: %+v", platform, b)
		}
	}
}
