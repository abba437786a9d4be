package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/internal/seeded"
	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

func collect(t testing.TB, c Classifier, p Pool, o Options) []Record {
	t.Helper()
	var out []Record
	for r, err := range Score(context.Background(), c, p, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// TestScoreHammer runs passes with random delays and failures everywhere, at
// every kind of batch and worker count, and wants the plain answer each time.
func TestScoreHammer(t *testing.T) {
	t.Parallel()
	const n = 211
	unreadable := errors.New("truncated image")
	bad := func(i int) bool { return i%17 == 3 || i >= 120 && i < 140 }

	var want []Record
	var wantSkipped []Skipped
	var row Row
	_, plain := scoringtest.Fakes(n)
	buf := make([]float32, size(plain.Dims))
	for i := range n {
		if bad(i) {
			wantSkipped = append(wantSkipped, Skipped{i, plain.ID(i), unreadable})
			continue
		}
		if err := errors.Join(plain.Read(i, buf), row.SetLogits(buf[:5])); err != nil {
			t.Fatal(err)
		}
		r := Record{
			Index: i, ID: plain.ID(i), Class: row.First, Confidence: row.P[row.First],
			Features: []float32{buf[0], buf[1]},
		}
		if label := plain.Label(i); label >= 0 {
			r.Label = &label
		}
		row.Draw = seeded.Uniform(3, r.ID)
		scores := map[string]float64{}
		for _, m := range measures[:5] {
			scores[m.Name] = m.Of(&row)
		}
		r.Scores = ScoresOf(scores)
		want = append(want, r)
	}

	var names []string
	for _, m := range measures[:5] {
		names = append(names, m.Name)
	}
	for _, batch := range []int{1, 2, 7, 20, 64, 210, 211, 1000} {
		for _, workers := range []int{1, 3, 16} {
			t.Run(fmt.Sprintf("%d by %d", batch, workers), func(t *testing.T) {
				t.Parallel()
				c, p := scoringtest.Fakes(n)
				c.LaneCount = 1 + workers%4
				p.Hook = func(i int) error {
					if rand.IntN(8) == 0 {
						time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
					}
					if bad(i) {
						return unreadable
					}
					return nil
				}
				var runs atomic.Int32
				c.Hook = func(context.Context, int) error {
					runs.Add(1)
					time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
					return nil
				}
				var skipped []Skipped
				var progress []int
				got := collect(t, c, p, Options{
					Batch: batch, Workers: workers, Measures: names, Seed: 3, Features: true,
					Skip:     func(s Skipped) { skipped = append(skipped, s) },
					Progress: func(done, total int) { progress = append(progress, done, total) },
				})
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
				if !slices.Equal(skipped, wantSkipped) {
					t.Errorf("skipped %v\nwant %v", skipped, wantSkipped)
				}
				var wantProgress []int
				wantRuns := 0
				for start := 0; start < n; start += batch {
					done := min(start+batch, n)
					wantProgress = append(wantProgress, done, n)
					if slices.ContainsFunc(want, func(r Record) bool { return r.Index >= start && r.Index < done }) {
						wantRuns++
					}
				}
				if n := int(runs.Load()); n != wantRuns {
					t.Errorf("the model ran %d times, want %d: not for a batch without a sample", n, wantRuns)
				}
				if d := cmp.Diff(wantProgress, progress); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func TestScoreSkipsWhatIsNotFinite(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"logits", "features"} {
		c, p := scoringtest.Fakes(10)
		nan := fakeNaN{c, where}
		var skipped []Skipped
		got := collect(t, nan, p, Options{Batch: 4, Features: true, Skip: func(s Skipped) { skipped = append(skipped, s) }})
		if len(got) != 7 || len(skipped) != 3 {
			t.Fatalf("%s: %d scored, %d skipped, want 7 and 3", where, len(got), len(skipped))
		}
		for _, s := range skipped {
			if !errors.Is(s, ErrNotFinite) || !strings.HasPrefix(s.Error(), "sample pool/00000") {
				t.Errorf("%s: skipped as %v", where, s)
			}
		}
	}
}

// fakeNaN spoils the first sample of each batch.
type fakeNaN struct {
	*scoringtest.Classifier
	where string
}

func (f fakeNaN) Logits(ctx context.Context, batch []float32, n int, logits, features []float32) error {
	err := f.Classifier.Logits(ctx, batch, n, logits, features)
	if f.where == "features" {
		features[1] = float32(math.Inf(-1))
	} else {
		logits[2] = float32(math.NaN())
	}
	return err
}

func TestScoreWithoutSkipStops(t *testing.T) {
	t.Parallel()
	c, p := scoringtest.Fakes(100)
	unreadable := errors.New("zero-byte file")
	p.Hook = func(i int) error {
		if i == 41 {
			return unreadable
		}
		return nil
	}
	seen := 0
	for _, err := range Score(context.Background(), c, p, Options{Batch: 8}) {
		if err == nil {
			seen++
			continue
		}
		var s Skipped
		if !errors.As(err, &s) || s.Index != 41 || !errors.Is(err, unreadable) {
			t.Errorf("error is %v", err)
		}
	}
	if seen != 41 {
		t.Errorf("%d records before the unreadable one, want 41", seen)
	}
}

func TestScoreRefuses(t *testing.T) {
	t.Parallel()
	must := func(context.Context, int) error { panic("BUG: the model ran") }
	for name, c := range map[string]struct {
		input, sample []int
		classes, n    int
		opts          Options
		says          string
	}{
		"shape":      {[]int{3, 32, 32}, []int{1, 28, 28}, 10, 5, Options{}, "the pool's samples are 1×28×28 but the model takes 3×32×32"},
		"transposed": {[]int{2, 3}, []int{3, 2}, 10, 5, Options{}, "3×2 but the model takes 2×3"},
		"flat":       {[]int{783}, []int{1, 28, 28}, 10, 5, Options{}, "1×28×28 but the model takes 783"},
		"one class":  {[]int{3}, []int{3}, 1, 5, Options{}, "at least 2 classes"},
		"empty":      {[]int{3}, []int{3}, 2, 0, Options{}, "empty"},
		"measure":    {[]int{3}, []int{3}, 2, 5, Options{Measures: []string{"baldness"}}, `unknown measure "baldness"`},
	} {
		calls := 0
		for _, err := range Score(context.Background(), &scoringtest.Classifier{Dims: c.input, Outputs: c.classes, Hook: must}, scoringtest.Pool{N: c.n, Dims: c.sample}, c.opts) {
			calls++
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error is %v", name, err)
			}
		}
		if calls != 1 {
			t.Errorf("%s: %d items, want one error", name, calls)
		}
	}
	model := errors.New("node \"conv1\": out of memory")
	c, p := scoringtest.Fakes(30)
	c.Hook = func(_ context.Context, n int) error {
		if n < 8 {
			return model
		}
		return nil
	}
	seen := 0
	for _, err := range Score(context.Background(), c, p, Options{Batch: 8}) {
		if seen++; err != nil && (!errors.Is(err, model) || !strings.Contains(err.Error(), "samples 24 to 29")) {
			t.Errorf("error is %v", err)
		}
	}
	if seen != 25 {
		t.Errorf("%d items, want 24 records and an error", seen)
	}
}

func TestScoreFlatInput(t *testing.T) {
	t.Parallel()
	c, p := scoringtest.Fakes(9)
	c.Dims = []int{12}
	if got := len(collect(t, c, p, Options{})); got != 9 {
		t.Errorf("%d records of 9", got)
	}
}

// inUse counts who is inside the pool or the classifier.
type inUse struct {
	sync.Mutex
	n int
}

func (u *inUse) add(d int) {
	u.Lock()
	u.n += d
	u.Unlock()
}

// Whatever ends a pass, nothing of it is at work afterwards.
func TestScoreEndsClean(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, how := range []string{"cancel from the loop", "cancel in a read", "cancel in the model", "break", "cancel and break", "panic", "cancelled before"} {
		t.Run(how, func(t *testing.T) {
			var users inUse
			ctx, cancel := context.WithCancelCause(context.Background())
			cause := errors.New("interrupted by the user")
			if how == "cancelled before" {
				cancel(cause)
			}
			c, p := scoringtest.Fakes(1_000_000)
			p.Hook = func(i int) error {
				users.add(1)
				defer users.add(-1)
				if how == "cancel in a read" && i == 100 {
					cancel(cause)
				}
				return nil
			}
			c.Hook = func(ctx context.Context, _ int) error {
				users.add(1)
				defer users.add(-1)
				if how == "cancel in the model" {
					cancel(cause)
					<-ctx.Done()
					return errors.New("run terminated")
				}
				return nil
			}
			seen, last := 0, error(nil)
			func() {
				defer func() {
					if r := recover(); r != nil && how != "panic" {
						panic(r)
					}
				}()
				for _, err := range Score(ctx, c, p, Options{Batch: 16, Workers: 4}) {
					if err != nil {
						last = err
						continue
					}
					seen++
					switch {
					case how == "cancel from the loop" && seen == 50:
						cancel(cause)
					case how == "break" && seen == 50:
						return
					case how == "cancel and break" && seen == 50:
						cancel(cause)
						return
					case how == "panic" && seen == 50:
						panic("in the loop body")
					}
				}
			}()
			if users.n != 0 {
				t.Errorf("%d readers or runs outlive the pass", users.n)
			}
			if seen > 1000 {
				t.Errorf("went on for %d records", seen)
			}
			if strings.HasPrefix(how, "cancel") && how != "cancel and break" && !errors.Is(last, cause) {
				t.Errorf("error is %v, want the cause of the cancellation", last)
			}
			cancel(nil)
		})
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// A pool fifty times larger takes no more memory at a time.
func TestScoreMemoryIsConstant(t *testing.T) {
	peak := func(n int) uint64 {
		c, p := scoringtest.Fakes(n)
		p.Dims, c.Dims = []int{4096}, []int{4096}
		var most uint64
		var m runtime.MemStats
		for _, err := range Score(context.Background(), c, p, Options{Batch: 32, Progress: func(done, _ int) {
			if done%320 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return most
	}
	small, large := peak(320), peak(16_000)
	if large > small+1<<20 {
		t.Errorf("peak heap is %d bytes for 320 samples and %d for 16,000", small, large)
	}
}

func BenchmarkScore(b *testing.B) {
	c, p := scoringtest.Fakes(10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Score(context.Background(), c, p, Options{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/sample")
}
