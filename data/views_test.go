package data

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

type closeCounter struct{ n int }

func (c *closeCounter) Close() error { c.n++; return nil }

// small returns n samples of one pixel; sample i has pixel 10·i and label i.
func small(n int, prefix string, closer io.Closer) *byteSet {
	pixels, labels := make([]byte, n), make([]byte, n)
	for i := range n {
		pixels[i], labels[i] = byte(10*i), byte(i)
	}
	return &byteSet{
		name: prefix, shape: Shape{1, 1, 1}, count: n, labels: labels, prefix: prefix + "/",
		r: bytes.NewReader(pixels), stride: 1, closer: closer,
	}
}

func ids(s Set) string {
	var out []string
	for i := range s.Len() {
		out = append(out, s.ID(i))
	}
	return strings.Join(out, " ")
}

func TestViews(t *testing.T) {
	t.Parallel()
	var closed closeCounter
	a, b := small(3, "a", &closed), small(2, "b", &closed)
	both, err := Join(a, b)
	if err != nil {
		t.Fatal(err)
	}
	indices := []int{4, 0, 2}
	view := Subset(both, indices)
	indices[0] = 0 // the view keeps its own
	named, err := WithLabels(view, []int{1, -1, 0}, []string{"x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(both); got != "a/0 a/1 a/2 b/0 b/1" {
		t.Errorf("concatenated: %s", got)
	}
	if got := ids(named); got != "b/1 a/0 a/2" {
		t.Errorf("subset: %s", got)
	}
	if view.Label(0) != 1 || view.Label(2) != 2 || named.Label(1) != -1 || !slices.Equal(named.Classes(), []string{"x", "y"}) {
		t.Errorf("labels %d, %d, %d, classes %v", view.Label(0), view.Label(2), named.Label(1), named.Classes())
	}
	wantBytes(t, named, 0, []byte{10})
	wantBytes(t, named, 2, []byte{20})
	if err := Close(named); err != nil || closed.n != 2 {
		t.Errorf("closed %d of 2 sets: %v", closed.n, err)
	}
}

func TestViewErrors(t *testing.T) {
	t.Parallel()
	a := small(2, "a", nil)
	_, err := WithLabels(a, []int{1}, nil)
	wantError(t, err, "1 labels for 2 samples")
	_, err = WithLabels(a, []int{1, 2}, []string{"x", "y"})
	wantError(t, err, "label 2 of sample a/1", "2 classes")
	_, err = WithLabels(a, []int{-2, 0}, nil)
	wantError(t, err, "label -2 of sample a/0")
	_, err = Join()
	wantError(t, err, "no sets")
	demo := mustOpen(t, "demo:test", Options{})
	_, err = Join(Subset(demo, []int{0, 1}), small(1, "b", nil))
	wantError(t, err, "one set names its classes", "T-shirt/top", "numbers 1 of them")
	bare, err := WithLabels(demo, make([]int, demo.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Join(a, bare)
	wantError(t, err, "1×1×1", "1×28×28")
	other, err := WithLabels(demo, make([]int, demo.Len()), []string{"thing"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Join(demo, other)
	wantError(t, err, "two samples are named", "test/")
	_, err = Join(a, a)
	wantError(t, err, "two samples are named", "a/")
	defer func() {
		if recover() == nil {
			t.Error("a subset with an index outside of the set was made")
		}
	}()
	Subset(a, []int{2})
}

// holed fails to read some of its samples.
type holed struct {
	Set
	bad map[int]bool
}

var errHole = errors.New("hole")

func (h *holed) Read(i int, dst []float32) error {
	if h.bad[i] {
		dst[0] = 99
		return errHole
	}
	return h.Set.Read(i, dst)
}

func TestReadBatch(t *testing.T) {
	t.Parallel()
	set := &holed{small(20, "s", nil), map[int]bool{3: true, 5: true}}
	for _, workers := range []int{0, 1, 3, 50} {
		idx := []int{19, 0, 3, 4, 5, 0}
		dst, labels := make([]float32, len(idx)), make([]int64, len(idx))
		err := ReadBatch(context.Background(), set, idx, dst, labels, workers)
		var unreadable *UnreadableError
		if !errors.As(err, &unreadable) || !slices.Equal(unreadable.Positions, []int{2, 4}) || !errors.Is(err, errHole) {
			t.Fatalf("%d workers: error %v", workers, err)
		}
		if err.Error() != "hole (and 1 more unreadable samples)" {
			t.Errorf("message %q", err)
		}
		if want := []float32{190. / 255, 0, 0, 40. / 255, 0, 0}; !slices.Equal(dst, want) {
			t.Errorf("%d workers: read %v, want %v", workers, dst, want)
		}
		if !slices.Equal(labels, []int64{19, 0, 3, 4, 5, 0}) {
			t.Errorf("%d workers: labels %v", workers, labels)
		}
	}
	if err := ReadBatch(context.Background(), set, []int{1, 2}, make([]float32, 2), nil, 0); err != nil {
		t.Error(err)
	}
	if err := ReadBatch(context.Background(), set, nil, nil, nil, 0); err != nil {
		t.Error(err)
	}
	wantError(t, ReadBatch(context.Background(), set, []int{1}, make([]float32, 2), nil, 0), "want 1")
	wantError(t, ReadBatch(context.Background(), set, []int{1}, make([]float32, 1), make([]int64, 2), 0), "2 labels")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ReadBatch(ctx, set, []int{1}, make([]float32, 1), nil, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
