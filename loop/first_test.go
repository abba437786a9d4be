package loop_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// The first labels go by the features of the untrained network: other samples than at
// random, the same every time, without a guess beside them; all arms share them.
func TestFirstByFeatures(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, known, asked := twoWays(t)
	chosen := func(dir string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "first", "selected.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	seen := map[string]string{}
	for _, first := range []string{"", "typiclust", "probcover", "k-center"} {
		known.Label.First = first
		known.Arms = []string{config.ArmPruneFuse, config.ArmRandom}
		dir := filepath.Join(folder, "known-"+first)
		if err := loop.Run(t.Context(), known, options(dir)); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		text := chosen(dir)
		if other, twice := seen[text]; twice {
			t.Errorf("%q chooses as %q does", first, other)
		}
		seen[text] = first
		if n := strings.Count(text, `"class":-1,"confidence":0`); n != strings.Count(text, "\n") {
			t.Errorf("%q: guesses of an untrained network: %s", first, text)
		}
	}
	asked.Label.First = "typiclust"
	o := options(filepath.Join(folder, "asked"))
	if err := loop.Run(t.Context(), asked, o); !errors.Is(err, loop.ErrPending) {
		t.Fatal(err)
	}
	if got := seen[chosen(o.Dir)]; got != "typiclust" {
		t.Errorf("people are asked for the samples of %q", got)
	}
}

func TestFirstIsChecked(t *testing.T) {
	t.Parallel()
	for first, want := range map[string]string{
		"": "", "random": "", "typiclust": "", "probcover": "", "k-center": "",
		"margin": "an untrained network knows no class", "badge": "knows no class", "cal": "knows no class",
		"typiclus": "want random, k-center, typiclust or probcover", "moderate": "knows no class",
	} {
		_, c, _ := twoWays(t)
		c.Label.First = first
		err := c.Check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", first, err, want)
		}
	}
}
