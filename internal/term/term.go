package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/vbauerster/mpb/v8"
	xterm "golang.org/x/term"
)

// defaultInterval separates the lines of a bar that has no terminal.
const defaultInterval = 10 * time.Second

// Options says how much is shown. The zero value shows progress, drawn in
// place on a terminal and as occasional lines elsewhere.
type Options struct {
	Quiet    bool          // show nothing
	JSON     bool          // show nothing: the reader of the result is a program
	Interval time.Duration // least time between lines of one bar off a terminal; 0 means 10 s

	now   func() time.Time // the clock; nil means time.Now
	draw  bool             // draw bars whatever w is
	width int              // columns of a drawn bar; 0 means the terminal's
}

type mode int

const (
	silent mode = iota
	lines
	drawn
)

// Term is the progress display of one command.
type Term struct {
	ctx    context.Context
	w      io.Writer
	opts   Options
	mode   mode
	colour bool
	start  time.Time

	mu     sync.Mutex
	live   *mpb.Progress // nil while no drawn bar is open
	open   int           // drawn bars open in live
	closed bool
}

// New returns the display of a command that writes its progress to w, usually
// os.Stderr, until ctx is cancelled. Close it before printing anything else to
// the same terminal.
func New(ctx context.Context, w io.Writer, opts Options) *Term {
	if opts.now == nil {
		opts.now = time.Now
	}
	if opts.Interval <= 0 {
		opts.Interval = defaultInterval
	}
	t := &Term{ctx: ctx, w: w, opts: opts, mode: lines, start: opts.now()}
	switch {
	case opts.Quiet || opts.JSON:
		t.mode = silent
	case opts.draw || isTerminal(w):
		t.mode = drawn
		t.colour = os.Getenv("NO_COLOR") == ""
	}
	return t
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && xterm.IsTerminal(int(f.Fd()))
}

// Step prints one line for a stage that was reached, led by the time since
// New. It stands above any open bar.
func (t *Term) Step(format string, args ...any) {
	if t.mode == silent || t.ctx.Err() != nil {
		return
	}
	stamp := fmt.Sprintf("%7.1fs", t.opts.now().Sub(t.start).Seconds())
	text := clean(fmt.Sprintf(format, args...))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	// Progress is a courtesy: a stderr that cannot be written to must not fail
	// the command.
	_, _ = t.above([]byte(t.dim(stamp) + "  " + text + "\n"))
}

// Write sends whole lines to the terminal above any open bar, whatever the
// options: it is the writer for a logger that shares the terminal. p should
// end in a newline.
func (t *Term) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.above(p)
}

// Close ends all bars and returns once the last of them is drawn. It may be
// called more than once; bars opened afterwards show nothing.
func (t *Term) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.settle()
}

// above writes p over the drawn bars, if any; t.mu is held.
func (t *Term) above(p []byte) (int, error) {
	if t.live != nil {
		n, err := t.live.Write(p)
		if !errors.Is(err, mpb.ErrDone) {
			return n, err
		}
		t.settle()
	}
	return t.w.Write(p)
}

// settle stops drawing and waits until the last frame is out; t.mu is held.
func (t *Term) settle() {
	if t.live == nil {
		return
	}
	t.live.Shutdown()
	t.live, t.open = nil, 0
}

// dim marks secondary text where colour is wanted.
func (t *Term) dim(s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[2m" + s + "\x1b[0m"
}

// clean makes s safe to print on one line of a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
