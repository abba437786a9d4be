package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is a stderr that several goroutines may write to.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// hand is a clock that only the test moves.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func newHand() *hand { return &hand{at: time.Unix(1_000_000, 0)} }

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hand) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func TestPlainLines(t *testing.T) {
	t.Parallel()
	var out screen
	clock := newHand()
	term := New(t.Context(), &out, Options{Interval: 10 * time.Second, now: clock.now})
	clock.pass(1500 * time.Millisecond)
	term.Step("pruned %s", "dense.onnx")
	bar := term.Bar("train selector", 6000, "samples")
	for i := range 6 {
		clock.pass(4 * time.Second)
		bar.Note(fmt.Sprintf("loss %.2f", 1/float64(i+1)))
		bar.Add(1000)
	}
	bar.Done()
	bar.Done()
	term.Close()
	want := strings.Join([]string{
		"    1.5s  pruned dense.onnx",
		"train selector          6,000 samples",
		"train selector          3,000/6,000 samples  50%  loss 0.33  250 samples/s  ETA 0:12",
		"train selector          6,000/6,000 samples  100%  loss 0.17  250 samples/s",
		"train selector          6,000 samples in 24.0 s  loss 0.17  250 samples/s",
		"",
	}, "\n")
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPlainLineOfUnknownTotalAndEarlyEnd(t *testing.T) {
	t.Parallel()
	var out screen
	clock := newHand()
	term := New(t.Context(), &out, Options{now: clock.now})
	pool := term.Bar("score pool", 0, "samples")
	steps := term.Bar("fine-tune", 100, "")
	clock.pass(2 * time.Second)
	pool.Add(12_345)
	steps.Add(8)
	pool.Done()
	steps.Done()
	want := "score pool\n" +
		"fine-tune               100\n" +
		"score pool              12,345 samples in 2.0 s  6,173 samples/s\n" +
		"fine-tune               8/100 in 2.0 s  4.0 1/s\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	closed := func(ctx context.Context, out *screen) *Term {
		term := New(ctx, out, Options{})
		term.Close()
		return term
	}
	tests := map[string]func(out *screen) *Term{
		"quiet":     func(out *screen) *Term { return New(t.Context(), out, Options{Quiet: true, draw: true}) },
		"json":      func(out *screen) *Term { return New(t.Context(), out, Options{JSON: true}) },
		"cancelled": func(out *screen) *Term { return New(cancelled, out, Options{}) },
		"closed":    func(out *screen) *Term { return closed(t.Context(), out) },
	}
	for name, open := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out screen
			term := open(&out)
			term.Step("a stage")
			bar := term.Bar("work", 2, "samples")
			bar.Add(1)
			bar.Note("loss 1")
			bar.Done()
			if got := out.String(); got != "" {
				t.Errorf("printed %q", got)
			}
			if _, err := term.Write([]byte("a log line\n")); err != nil || out.String() != "a log line\n" {
				t.Errorf("a logger's line came out as %q, %v", out.String(), err)
			}
		})
	}
}

func TestOpenPlainBarGoesSilentOnCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out screen
	clock := newHand()
	bar := New(ctx, &out, Options{now: clock.now}).Bar("work", 10, "samples")
	before := out.String()
	cancel()
	clock.pass(time.Minute)
	bar.Add(5)
	bar.Done()
	if got := out.String(); got != before {
		t.Errorf("printed %q after the end", strings.TrimPrefix(got, before))
	}
}

func drawnTerm(ctx context.Context, out *screen, clock *hand) *Term {
	return New(ctx, out, Options{draw: true, width: 100, now: clock.now})
}

func TestDrawnBarEndsOnAnEmptyLine(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	var out screen
	clock := newHand()
	term := drawnTerm(t.Context(), &out, clock)
	bar := term.Bar("train selector", 4, "samples")
	bar.Add(2)
	term.Step("halfway")
	clock.pass(2 * time.Second)
	bar.Add(2)
	bar.Note("loss 0.50")
	bar.Done()
	_, _ = fmt.Fprintln(&out, "Error: out of luck")
	term.Close()

	got := out.String()
	final := "train selector           4 samples in 2.0 s  loss 0.50  2.0 samples/s"
	if !strings.Contains(got, final+"\n") {
		t.Errorf("no line %q in %q", final, got)
	}
	if !strings.HasSuffix(got, "\nError: out of luck\n") {
		t.Errorf("the error does not stand alone at the end of %q", got)
	}
	if !strings.Contains(got, "    0.0s  halfway\n") {
		t.Errorf("the step is missing from %q", got)
	}
	if strings.Contains(got, "\x1b[3") || strings.Contains(got, "\x1b[2m") {
		t.Errorf("colour in spite of NO_COLOR: %q", got)
	}
}

func TestDrawnBarIsColoured(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	var out screen
	term := drawnTerm(t.Context(), &out, newHand())
	term.Step("begin")
	term.Close()
	if want := "\x1b[2m    0.0s\x1b[0m  begin\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestDrawnBarCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out screen
	term := drawnTerm(ctx, &out, newHand())
	bar := term.Bar("train selector", 4, "samples")
	bar.Add(1)
	cancel()
	bar.Add(1)
	term.Step("not seen")
	bar.Done()
	if again := term.Bar("later", 4, "samples"); again != nil {
		t.Error("a bar opened after the end")
	}
	term.Close()
	before := out.String()
	_, _ = fmt.Fprintln(&out, "Error: interrupted")
	if got := out.String(); got != before+"Error: interrupted\n" || strings.Contains(got, "not seen") {
		t.Errorf("something came between: %q", got)
	}
	if before != "" && !strings.HasSuffix(before, "\n") {
		t.Errorf("the last frame %q does not end its line", before)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, draw := range []bool{false, true} {
		var out screen
		term := New(t.Context(), &out, Options{draw: draw, width: 90})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 3 {
					bar := term.Bar(fmt.Sprintf("worker %d", i), 50, "samples")
					for range 50 {
						bar.Add(1)
						bar.Note("loss 1")
					}
					term.Step("worker %d between", i)
					bar.Done()
				}
			})
		}
		wg.Wait()
		term.Close()
		if n := strings.Count(out.String(), "between\n"); n != 12 {
			t.Errorf("draw %v: %d of 12 steps printed", draw, n)
		}
	}
}

func TestControlCharacters(t *testing.T) {
	t.Parallel()
	var out screen
	term := New(t.Context(), &out, Options{})
	bar := term.Bar("a\x1b[2Jb\n", 1, "s\rt")
	bar.Note("\u202eevil")
	bar.Done()
	term.Step("read %s", "x\ty")
	if got := strings.ReplaceAll(out.String(), "\n", ""); strings.ContainsAny(got, "\x1b\r\t\u202e") {
		t.Errorf("control characters came through: %q", got)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines, want 3: %q", n, out.String())
	}
}

func TestFieldsFitTheWidth(t *testing.T) {
	t.Parallel()
	f := fields{count: "1,280/6,000", note: "loss 0.41", rate: "410 samples/s", rest: "ETA 0:11"}
	tests := []struct {
		width int
		want  string
	}{
		{80, "1,280/6,000  loss 0.41  410 samples/s  ETA 0:11"},
		{40, "1,280/6,000  loss 0.41  ETA 0:11"},
		{25, "1,280/6,000  ETA 0:11"},
		{3, "1,280/6,000"},
	}
	for _, test := range tests {
		if got := f.beside(test.width); got != test.want {
			t.Errorf("beside(%d) = %q, want %q", test.width, got, test.want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond:                      "0:00",
		72 * time.Second:                            "1:12",
		2*time.Hour + 5*time.Minute + 3*time.Second: "2:05:03",
	} {
		if got := clock(d); got != want {
			t.Errorf("clock(%v) = %q, want %q", d, got, want)
		}
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestBrokenStderr(t *testing.T) {
	t.Parallel()
	for _, draw := range []bool{false, true} {
		term := New(t.Context(), brokenPipe{}, Options{draw: draw, width: 80})
		bar := term.Bar("work", 2, "samples")
		bar.Add(2)
		term.Step("a stage")
		bar.Done()
		term.Close()
		if _, err := term.Write([]byte("x\n")); !errors.Is(err, errPipe) {
			t.Errorf("draw %v: Write returned %v", draw, err)
		}
	}
}
