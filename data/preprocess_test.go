package data

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestPreprocessApply(t *testing.T) {
	t.Parallel()
	shape := Shape{2, 1, 2}
	for name, c := range map[string]struct {
		p    Preprocess
		want []float32
	}{
		"nothing":     {Preprocess{}, []float32{1, 2, 3, 4, 5, 6, 7, 8}},
		"per channel": {Preprocess{Mean: []float32{1, 3}, Std: []float32{2, 4}}, []float32{0, 0.5, 0, 0.25, 2, 2.5, 1, 1.25}},
		"one for all": {Preprocess{Mean: []float32{1}, Std: []float32{2}}, []float32{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5}},
		"mean alone":  {Preprocess{Mean: []float32{1, 2}, Layout: "NCHW", Size: [2]int{1, 2}}, []float32{0, 1, 1, 2, 4, 5, 5, 6}},
	} {
		x := []float32{1, 2, 3, 4, 5, 6, 7, 8} // two samples
		if err := c.p.Apply(x, shape); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(x, c.want) {
			t.Errorf("%s: %v, want %v", name, x, c.want)
		}
	}
}

func TestPreprocessErrors(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Preprocess{
		"3 means for samples of 2×1×2": {Mean: []float32{1, 2, 3}},
		"3 standard deviations":        {Std: []float32{1, 2, 3}},
		"a standard deviation is 0":    {Std: []float32{1, 0}},
		"hold NaN":                     {Mean: []float32{float32(math.NaN())}},
		"hold +Inf":                    {Std: []float32{float32(math.Inf(1))}},
		`layout "HWC"`:                 {Layout: "HWC"},
		"an input of 2×1":              {Size: [2]int{2, 1}},
	} {
		wantError(t, p.Apply(make([]float32, 4), Shape{2, 1, 2}), want)
	}
	wantError(t, Preprocess{}.Apply(make([]float32, 5), Shape{2, 1, 2}), "5 values")
}

func TestPreprocessJSON(t *testing.T) {
	t.Parallel()
	p := Preprocess{Mean: []float32{0.5}, Std: []float32{0.25}, Layout: "NCHW", Size: [2]int{28, 32}, Classes: []string{"a", "b"}}
	const want = `{"mean":[0.5],"std":[0.25],"layout":"NCHW","size":[28,32],"classes":["a","b"]}`
	got, err := json.Marshal(p)
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if got, err := json.Marshal(Preprocess{}); err != nil || string(got) != "{}" {
		t.Errorf("the zero value is %s, %v", got, err)
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for name, channels := range map[string]int{"cifar10": 3, "fashion-mnist": 1, "imagenet": 3} {
		p, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Mean) != channels || len(p.Std) != channels {
			t.Errorf("%s: %d means, %d deviations", name, len(p.Mean), len(p.Std))
		}
		if err := p.Check(Shape{channels, p.Size[0], p.Size[1]}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p.Mean[0] = 99 // must not reach the next caller
		if again, _ := Preset(name); again.Mean[0] == 99 {
			t.Errorf("%s is shared", name)
		}
	}
	_, err := Preset("mnist")
	wantError(t, err, `"mnist"`, "fashion-mnist")
}

// The built-in images have the statistics of the whole set within a percent.
func TestStatsOfDemo(t *testing.T) {
	t.Parallel()
	mean, std, err := Stats(context.Background(), mustOpen(t, "demo", Options{}), 0)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Preset("fashion-mnist")
	if math.Abs(float64(mean[0]-want.Mean[0])) > 0.01 || math.Abs(float64(std[0]-want.Std[0])) > 0.01 {
		t.Errorf("mean %v, deviation %v; the full set has %v, %v", mean, std, want.Mean, want.Std)
	}
}

// tainted is a set of which one sample begins with a value.
type tainted struct {
	Set
	at    int
	value float32
}

func (s *tainted) Read(i int, dst []float32) error {
	err := s.Set.Read(i, dst)
	if i == s.at {
		dst[0] = s.value
	}
	return err
}

func TestStats(t *testing.T) {
	t.Parallel()
	pixels := []byte{0, 255, 51, 51, 255, 0, 51, 51}
	set := &byteSet{shape: Shape{2, 1, 2}, count: 2, stride: 4, r: bytes.NewReader(pixels)}
	mean, std, err := Stats(context.Background(), set, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(mean, []float32{0.5, 0.2}) || !slices.Equal(std, []float32{0.5, 1}) {
		t.Errorf("mean %v, deviation %v", mean, std)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Stats(ctx, set, 0); err == nil {
		t.Error("went on after it was cancelled")
	}
	if _, _, err := Stats(context.Background(), Subset(set, nil), 0); err == nil {
		t.Error("statistics of nothing")
	}
	hole := &holed{set, map[int]bool{1: true}}
	if _, _, err := Stats(context.Background(), hole, 0); err == nil {
		t.Error("an unreadable sample passed")
	}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		sick := &tainted{Set: set, at: 1, value: v}
		if _, _, err := Stats(context.Background(), sick, 0); err == nil || !strings.Contains(err.Error(), "sample "+set.ID(1)) {
			t.Errorf("%v in a sample gave %v", v, err)
		}
	}
}
