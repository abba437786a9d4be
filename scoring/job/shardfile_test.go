package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

var errTorn = errors.New("torn page")

// aPool has samples that cannot be read.
func aPool(n int) (*scoringtest.Classifier, scoringtest.Pool) {
	c, p := scoringtest.Fakes(n)
	p.Hook = func(i int) error {
		if i%7 == 2 || i == n-1 {
			return errTorn
		}
		return nil
	}
	return c, p
}

// writeShard scores samples first to end of a pool to w.
func writeShard(t testing.TB, w *ShardWriter, n, first, end int) {
	t.Helper()
	c, p := aPool(n)
	o := scoring.Options{First: first, End: end, Batch: 3, Skip: func(s scoring.Skipped) {
		if err := w.Skip(s); err != nil {
			t.Fatal(err)
		}
	}}
	if first < end {
		for r, err := range scoring.Score(context.Background(), c, p, o) {
			if err = errors.Join(err, w.Record(r)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
}

func headOf(n, shard, shards int) Header {
	h := Header{Shard: shard, Shards: shards, Pool: n, Model: "m"}
	h.First, h.End = (Shard{shard, shards}).Range(n)
	return h
}

func shardOf(t testing.TB, n, shard, shards int) []byte {
	t.Helper()
	var b bytes.Buffer
	head := headOf(n, shard, shards)
	w, err := NewShardWriter(&b, head)
	if err != nil {
		t.Fatal(err)
	}
	writeShard(t, w, n, head.First, head.End)
	return b.Bytes()
}

func collect(t testing.TB, c scoring.Classifier, p scoring.Pool, o scoring.Options) (out []scoring.Record) {
	t.Helper()
	for r, err := range scoring.Score(t.Context(), c, p, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// entries reads a shard file as far as it goes.
func entries(r *ShardReader) (records []scoring.Record, skipped []string, err error) {
	for {
		e, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return records, skipped, nil
		case err != nil:
			return records, skipped, err
		case e.Skipped != nil:
			skipped = append(skipped, e.Skipped.Error())
		default:
			records = append(records, e.Record)
		}
	}
}

// TestShardsMakeTheWhole: the records of any number of shards are those of one
// pass.
func TestShardsMakeTheWhole(t *testing.T) {
	t.Parallel()
	const n = 23
	c, p := aPool(n)
	var wantSkipped []string
	want := collect(t, c, p, scoring.Options{Skip: func(s scoring.Skipped) { wantSkipped = append(wantSkipped, s.Error()) }})
	for _, shards := range []int{1, 2, 4, n, n + 5} {
		var got []scoring.Record
		var skipped []string
		for shard := range shards {
			r, err := NewShardReader(bytes.NewReader(shardOf(t, n, shard+1, shards)))
			if err != nil {
				t.Fatal(err)
			}
			records, why, err := entries(r)
			if err != nil {
				t.Fatal(err)
			}
			got, skipped = append(got, records...), append(skipped, why...)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d shards: %s", shards, d)
		}
		if d := cmp.Diff(wantSkipped, skipped); d != "" {
			t.Errorf("%d shards: %s", shards, d)
		}
	}
}

// TestShardFileResumes cuts a shard file at every byte and goes on from there.
func TestShardFileResumes(t *testing.T) {
	t.Parallel()
	const n = 12
	all := shardOf(t, n, 2, 3)
	for cut := range len(all) {
		r, err := NewShardReader(bytes.NewReader(all[:cut]))
		if err == nil {
			_, _, err = entries(r)
		}
		if !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d: error is %v", cut, err)
		}
		if r == nil {
			continue
		}
		resumed := bytes.NewBuffer(bytes.Clone(all[:r.Offset()]))
		writeShard(t, r.Continue(resumed), n, r.Missing(), r.Head.End)
		if !bytes.Equal(resumed.Bytes(), all) {
			t.Fatalf("cut at %d and resumed at sample %d:\n%s\nwant\n%s", cut, r.Missing(), resumed, all)
		}
	}
}

func TestShardFileDamaged(t *testing.T) {
	t.Parallel()
	lines := bytes.SplitAfter(shardOf(t, 12, 2, 3), []byte("\n"))
	lines = lines[:len(lines)-1]
	for name, c := range map[string]struct {
		lines [][]byte
		want  string
	}{
		"a gap":       {append(bytesOf(lines[:2]), lines[3:]...), "sample 6 stands where sample 5 is to be"},
		"twice":       {append(bytesOf(lines[:3]), lines[2:]...), "sample 5 stands where sample 6 is to be"},
		"early end":   {append(bytesOf(lines[:3]), lines[5]), "ends with sample 5 of 4 to 7"},
		"no JSON":     {append(bytesOf(lines[:2]), []byte("x\n")), "damaged"},
		"a head":      {[][]byte{[]byte(`{"schema":"` + scoring.ShardSchema + `","shard":3,"shards":2}` + "\n")}, "shard 3 of 2"},
		"other file":  {[][]byte{[]byte("{}\n")}, "not the score file of a shard"},
		"many shards": {[][]byte{[]byte(`{"schema":"` + scoring.ShardSchema + `","shard":1,"shards":999999999999}` + "\n")}, "first line is wrong"},
	} {
		r, err := NewShardReader(bytes.NewReader(bytes.Join(c.lines, nil)))
		if err == nil {
			_, _, err = entries(r)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
	}
}

func bytesOf(lines [][]byte) [][]byte { return append([][]byte{}, lines...) }

func TestCheckShards(t *testing.T) {
	t.Parallel()
	const n = 100
	head := func(shard, shards int) Header { return headOf(n, shard, shards) }
	other := head(2, 2)
	other.Model = "another"
	shifted := head(2, 2)
	shifted.First++
	relabelled := head(2, 2)
	relabelled.Labels = "0123456789abcdef0123"
	for _, c := range []struct {
		heads []Header
		want  string
	}{
		{[]Header{head(3, 3), head(1, 3), head(2, 3)}, "[1 2 0]"},
		{[]Header{head(1, 1)}, "[0]"},
		{[]Header{head(1, 3), head(3, 3)}, "of 3 shards 2 is missing"},
		{[]Header{head(1, 5), head(3, 5)}, "of 5 shards 2, 4 and 5 are missing"},
		{[]Header{head(1, 40)}, "of 40 shards 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 29 more are missing"},
		{[]Header{head(1, 2), head(2, 2), head(2, 2)}, "shard 2 is there twice, as f1 and f2"},
		{[]Header{head(1, 2), head(2, 3)}, "f0 and f1 are not of the same run: they differ in the number of shards: 2 and 3"},
		{[]Header{head(1, 2), other}, "f0 and f1 are not of the same run: they differ in the model: m and another"},
		{[]Header{head(1, 2), shifted}, "f1: shard 2 of 2 has samples [51, 100), want [50, 100)"},
		{nil, "there are none"},
		{[]Header{{}}, "f0: the first line is wrong: shard 0 of 0"},
		{[]Header{{Shard: 5, Shards: 2}}, "shard 5 of 2"},
		{[]Header{head(1, 2), {Shard: -1, Shards: 2, Pool: n, Model: "m"}}, "f1: the first line is wrong: shard -1 of 2"},
		{[]Header{head(1, 2), relabelled}, "they differ in the labels: none and 0123456789abcdef"},
	} {
		if _, err := CheckShards(c.heads, nil); (err == nil) != strings.HasPrefix(c.want, "[") {
			t.Errorf("%d shards without names: %v, want %s", len(c.heads), err, c.want)
		}
		var names []string
		for i := range c.heads {
			names = append(names, fmt.Sprintf("f%d", i))
		}
		order, err := CheckShards(c.heads, names)
		if got := fmt.Sprint(order); err != nil && !strings.Contains(err.Error(), c.want) || err == nil && got != c.want {
			t.Errorf("%d shards: %s, %v, want %s", len(c.heads), got, err, c.want)
		}
	}
}
