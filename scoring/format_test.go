package scoring

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func oddRecords(n int) []Record {
	rng := rand.New(rand.NewPCG(8, 1))
	ids := []string{"a/b.png", `with "quotes", and commas`, "line\nbreak", " spaces ", "é😀", "#hash", "=1+1"}
	out := make([]Record, n)
	for i := range out {
		out[i] = Record{
			Index: 2 * i, ID: fmt.Sprintf("%s%d", ids[i%len(ids)], i), Class: i % 11, Confidence: rng.Float64(),
			Scores: ScoresOf(map[string]float64{"margin": rng.NormFloat64() * 1e-9, "entropy": math.Exp(rng.NormFloat64() * 40), "least-confidence": 0}),
		}
		if label := i%3 - 1; label >= 0 {
			out[i].Label = &label
		}
	}
	return out
}

func fileOf(t testing.TB, f Format, records []Record) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewFileWriter(&b, f)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readBack reads a score file, from a file or from a stream.
func readBack(t testing.TB, content []byte, stream bool) (out []Record, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scores")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if stream {
		r = bytes.NewBuffer(content)
	}
	for rec, err := range ReadFile(r) {
		if err != nil {
			return out, err
		}
		out = append(out, rec)
	}
	return out, nil
}

func TestFormatsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{JSONL, CSV, Parquet} {
		for _, n := range []int{1, 100, groupRows + 7} {
			t.Run(fmt.Sprintf("%s of %d", format, n), func(t *testing.T) {
				t.Parallel()
				want := oddRecords(n)
				content := fileOf(t, format, want)
				if !bytes.Equal(content, fileOf(t, format, want)) {
					t.Error("two files of the same records differ")
				}
				for _, stream := range []bool{false, true} {
					got, err := readBack(t, content, stream)
					if stream && format == Parquet {
						if err == nil || !strings.Contains(err.Error(), "stream") {
							t.Errorf("error is %v", err)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if len(got) != n {
						t.Fatalf("read %d records, want %d", len(got), n)
					}
					if d := cmp.Diff(want[:min(n, 200)], got[:min(n, 200)]); d != "" {
						t.Error(d)
					}
					if d := cmp.Diff(want[n-1], got[n-1]); d != "" {
						t.Error(d)
					}
				}
			})
		}
	}
}

func TestFormatsRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no class":    {"index,id,label,confidence,margin\n0,a,,1,1\n", `"class" is missing`},
		"twice":       {"index,id,label,class,confidence,m,m\n0,a,,1,1,1,1\n", `"m" is there twice`},
		"index":       {"index,id,label,class,confidence,m\nx,a,,1,1,1\n", `line 2: index "x" is not a whole number`},
		"negative":    {"index,id,label,class,confidence,m\n-1,a,,1,1,1\n", "line 2: index -1 is negative"},
		"no id":       {"index,id,label,class,confidence,m\n1,,,1,1,1\n", "line 2: the id is empty"},
		"score":       {"index,id,label,class,confidence,m\n0,a,,1,1,1\n1,b,,1,1,\n", `line 3: m "" is not a number`},
		"short":       {"index,id,label,class,confidence,m\n0,a,,1,1\n", "wrong number of fields"},
		"cut Parquet": {"PAR1 and no more", "read Parquet"},
		"a part":      {`{"schema":"` + ShardSchema + `","shard":1}` + "\n", "prunefuse merge"},
	} {
		if _, err := readBack(t, []byte(c.text), false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
	}
	for _, format := range []Format{CSV, Parquet} {
		w := NewFileWriter(io.Discard, format)
		records := oddRecords(2)
		records[1].Scores = ScoresOf(map[string]float64{"margin": 1})
		if err := w.Write(records[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(records[1]); err == nil || !strings.Contains(err.Error(), "those before it") {
			t.Errorf("%s: error is %v", format, err)
		}
		records[0].Scores.values[0] = math.NaN()
		if err := w.Write(records[0]); err == nil {
			t.Errorf("%s: a NaN is written", format)
		}
	}
}

// FuzzReadFile: no content is a panic, and what is read can be written.
func FuzzReadFile(f *testing.F) {
	for _, format := range []Format{JSONL, CSV, Parquet} {
		f.Add(fileOf(f, format, oddRecords(3)))
	}
	f.Fuzz(func(_ *testing.T, content []byte) {
		for _, err := range ReadFile(bytes.NewReader(content)) {
			if err != nil {
				return
			}
		}
	})
}
