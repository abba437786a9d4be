package term

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// labelWidth lines up the bars of one command below each other.
const labelWidth = 22

// leastBar is the width kept for the bar itself when its text is cut to fit.
const leastBar = 12

// leastGap is what mpb puts around a bar, also an empty one.
const leastGap = 2

// Bar shows how far one stage is. A nil Bar shows nothing.
type Bar struct {
	term  *Term
	label string
	unit  string
	total int64
	start time.Time
	drawn *mpb.Bar // nil unless drawn in place
	home  *mpb.Progress

	mu    sync.Mutex
	count int64
	note  string
	shown time.Time // when the last plain line was printed
	ended time.Time // zero while the bar is open
}

// Bar opens a bar of total units ("samples", "steps"); a total of 0 or less
// means that the end is not known. Call Done when the stage ends, also when it
// ends in an error.
func (t *Term) Bar(label string, total int64, unit string) *Bar {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mode == silent || t.closed || t.ctx.Err() != nil {
		return nil
	}
	now := t.opts.now()
	b := &Bar{term: t, label: clean(label), unit: clean(unit), total: max(total, 0), start: now, shown: now}
	if t.mode == lines {
		_, _ = t.w.Write([]byte(b.opening()))
		return b
	}
	if t.live == nil {
		t.live = t.container()
	}
	drawn, err := t.live.Add(0, t.style(b.total > 0), b.decoration()...)
	if err != nil { // cancelled since the check above
		return nil
	}
	// Given afterwards, the total does not complete the bar by itself: Done
	// does, after the last note.
	drawn.SetTotal(b.total, false)
	b.drawn, b.home = drawn, t.live
	t.open++
	return b
}

// Add counts n more units as done.
func (b *Bar) Add(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.count += n
	line := b.due()
	b.mu.Unlock()
	if b.drawn != nil {
		b.drawn.IncrInt64(n)
		return
	}
	b.print(line)
}

// Reach counts units up to n as done, which may be told again and again.
func (b *Bar) Reach(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	more := n - b.count
	b.mu.Unlock()
	b.Add(more)
}

// Note replaces the text beside the count, such as "loss 0.412".
func (b *Bar) Note(text string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.note = clean(text)
	b.mu.Unlock()
}

// Done ends the bar and leaves one line with its count, note, time and rate.
// Calls after the first do nothing.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	b.mu.Lock()
	if !b.ended.IsZero() {
		b.mu.Unlock()
		return
	}
	b.ended = b.term.opts.now()
	line := b.line(b.ended) + "\n"
	b.mu.Unlock()
	if b.drawn == nil {
		b.print(line)
		return
	}
	b.drawn.SetTotal(-1, true)
	t := b.term
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil || t.live != b.home {
		return
	}
	if t.open--; t.open == 0 {
		// Every open bar is complete, so this returns with the next frame and
		// leaves the terminal to whoever prints next.
		t.live.Wait()
		t.live = nil
	}
}

// due returns the plain line that is to be printed now, if any; b.mu is held.
func (b *Bar) due() string {
	now := b.term.opts.now()
	if b.drawn != nil || !b.ended.IsZero() || now.Sub(b.shown) < b.term.opts.Interval {
		return ""
	}
	b.shown = now
	return b.line(now) + "\n"
}

// print writes a plain line unless the display has gone silent.
func (b *Bar) print(line string) {
	t := b.term
	t.mu.Lock()
	defer t.mu.Unlock()
	if line != "" && !t.closed && t.ctx.Err() == nil {
		_, _ = t.w.Write([]byte(line))
	}
}

// opening is the first plain line.
func (b *Bar) opening() string {
	if b.total == 0 {
		return b.label + "\n"
	}
	return padded(b.label) + "  " + strings.TrimSpace(Count(b.total)+" "+b.unit) + "\n"
}

// line is the state of the bar at now as text; b.mu is held.
func (b *Bar) line(now time.Time) string {
	return padded(b.label) + "  " + b.fields(now).plain()
}

// fields are the parts of a bar's text; an empty one is not shown.
type fields struct{ count, unit, share, note, rate, rest string }

// plain is everything, for a line of its own.
func (f fields) plain() string {
	return joined(strings.TrimSpace(f.count+" "+f.unit), f.share, f.note, f.rate, f.rest)
}

// beside is what fits in width columns beside a drawn bar, which shows the
// share itself; the count and the time stay longest.
func (f fields) beside(width int) string {
	for _, s := range []string{
		joined(f.count, f.note, f.rate, f.rest),
		joined(f.count, f.note, f.rest),
		joined(f.count, f.rest),
	} {
		if runewidth.StringWidth(s) <= width {
			return s
		}
	}
	return f.count
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "  ")
}

// fields describes the bar at now; b.mu is held.
func (b *Bar) fields(now time.Time) fields {
	ended := !b.ended.IsZero()
	elapsed := now.Sub(b.start)
	f := fields{count: Count(b.count), unit: b.unit, note: b.note}
	if b.total > 0 && (!ended || b.count < b.total) {
		f.count += "/" + Count(b.total)
	}
	if ended {
		f.count, f.unit = strings.TrimSpace(f.count+" "+f.unit)+" in "+Duration(elapsed), ""
	} else if b.total > 0 {
		f.share = fmt.Sprintf("%d%%", min(100, 100*b.count/b.total))
	}
	if elapsed <= 0 || b.count <= 0 {
		return f
	}
	rate := float64(b.count) / elapsed.Seconds()
	f.rate = rateText(rate) + " " + perSecond(b.unit)
	if left := b.total - b.count; !ended && left > 0 {
		f.rest = "ETA " + clock(time.Duration(float64(left)/rate*float64(time.Second)))
	}
	return f
}

func perSecond(unit string) string {
	if unit == "" {
		return "1/s"
	}
	return unit + "/s"
}

func rateText(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return Count(int64(rate + 0.5))
}

// clock formats a time left as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func padded(label string) string {
	return runewidth.FillRight(label, labelWidth)
}

// container starts drawing; t.mu is held.
func (t *Term) container() *mpb.Progress {
	opts := []mpb.ContainerOption{mpb.WithOutput(t.w), mpb.PopCompletedMode()}
	if t.opts.draw {
		opts = append(opts, mpb.WithAutoRefresh())
	}
	if t.opts.width > 0 {
		opts = append(opts, mpb.WithWidth(t.opts.width))
	}
	return mpb.NewWithContext(t.ctx, opts...)
}

// style is the look of the bar itself; without a total there is none.
func (t *Term) style(measured bool) mpb.BarFiller {
	if !measured {
		return mpb.NopStyle().Build()
	}
	s := mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("╌")
	if t.colour {
		cyan := func(p string) string { return "\x1b[36m" + p + "\x1b[0m" }
		s = s.FillerMeta(cyan).TipMeta(cyan).PaddingMeta(t.dim)
	}
	return s.Build()
}

// decoration puts the label before a drawn bar and its fields after it.
func (b *Bar) decoration() []mpb.BarOption {
	before := decor.Any(func(decor.Statistics) string { return padded(b.label) + " " })
	after := decor.Any(func(stat decor.Statistics) string {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !b.ended.IsZero() {
			return b.fields(b.ended).beside(stat.AvailableWidth - leastGap)
		}
		return b.fields(b.term.opts.now()).beside(stat.AvailableWidth - leastGap - leastBar)
	})
	return []mpb.BarOption{
		mpb.PrependDecorators(before),
		mpb.AppendDecorators(after),
		mpb.BarFillerClearOnComplete(),
	}
}
