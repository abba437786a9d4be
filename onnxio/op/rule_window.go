package op

import (
	"fmt"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// window is the sliding window of a convolution or pool over the spatial
// axes.
type window struct {
	kernel, stride, dilation []int64
	begin, end               []int64 // padding; valid only when auto is ""
	auto                     string  // SAME_UPPER, SAME_LOWER or ""
	ceil                     bool
}

// newWindow reads a node's window. Kernel is its extent, which pools give as
// an attribute and convolutions by their weight.
func newWindow(c *Infer, kernel onnxio.Shape) (*window, error) {
	k, ok := kernel.Ints()
	if !ok {
		return nil, fmt.Errorf("kernel extents %v are not known", kernel)
	}
	n := len(k)
	w := &window{
		kernel: k, stride: orOnes(c.Node.Ints("strides"), n), dilation: orOnes(c.Node.Ints("dilations"), n),
		begin: make([]int64, n), end: make([]int64, n), ceil: c.Node.Int("ceil_mode", 0) != 0,
	}
	switch auto := c.Node.Str("auto_pad", "NOTSET"); auto {
	case "NOTSET", "":
		if p := c.Node.Ints("pads"); p != nil {
			if len(p) != 2*n {
				return nil, fmt.Errorf("pads %v: want %d values", p, 2*n)
			}
			copy(w.begin, p[:n])
			copy(w.end, p[n:])
		}
	case "VALID":
	case "SAME_UPPER", "SAME_LOWER":
		w.auto = auto
	default:
		return nil, fmt.Errorf("auto_pad %q is none of ONNX's", auto)
	}
	if len(w.stride) != n || len(w.dilation) != n {
		return nil, fmt.Errorf("strides %v and dilations %v: want %d values", w.stride, w.dilation, n)
	}
	for _, list := range [][]int64{k, w.stride, w.dilation} {
		for _, v := range list {
			if v < 1 || v > maxWindow {
				return nil, fmt.Errorf("kernel %v, strides %v, dilations %v: want at least 1, and at most %d", k, w.stride, w.dilation, maxWindow)
			}
		}
	}
	for i := range n {
		if max(w.begin[i], w.end[i]) > maxWindow || min(w.begin[i], w.end[i]) < -maxWindow {
			return nil, fmt.Errorf("pads %v and %v: more than %d", w.begin, w.end, maxWindow)
		}
	}
	return w, nil
}

// maxWindow bounds what the attributes of a window may say, so that their
// products do not overflow.
const maxWindow = 1 << 24

func orOnes(v []int64, n int) []int64 {
	if v != nil {
		return v
	}
	v = make([]int64, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

// reach returns the extent the dilated kernel covers on axis i.
func (w *window) reach(i int) int64 { return w.dilation[i]*(w.kernel[i]-1) + 1 }

// resolve works out the padding that auto_pad stands for, which needs the
// input's extents.
func (w *window) resolve(in onnxio.Shape) error {
	if w.auto == "" {
		return nil
	}
	for i, d := range in {
		n, ok := d.Value()
		if !ok {
			return fmt.Errorf("auto_pad %s needs known extents, axis %d is %v", w.auto, i+2, d)
		}
		out := (n + w.stride[i] - 1) / w.stride[i]
		total := max((out-1)*w.stride[i]+w.reach(i)-n, 0)
		w.begin[i], w.end[i] = total/2, total-total/2
		if w.auto == "SAME_LOWER" {
			w.begin[i], w.end[i] = w.end[i], w.begin[i]
		}
	}
	w.auto = ""
	return nil
}

// out returns the extents of the output over the given input extents.
func (w *window) out(in onnxio.Shape) onnxio.Shape {
	s := make(onnxio.Shape, len(in))
	for i, d := range in {
		s[i] = d.Apply(w.formula(i), func(n int64) int64 { return w.extent(i, n) })
	}
	return s
}

func (w *window) extent(i int, n int64) int64 {
	st := w.stride[i]
	if w.auto != "" {
		return (n + st - 1) / st
	}
	room := n + w.begin[i] + w.end[i] - w.reach(i)
	if room < 0 {
		return 0
	}
	out := room/st + 1
	// In ceil mode a last window counts when it begins inside the input or
	// the padding before it.
	if w.ceil && room%st != 0 && out*st < n+w.begin[i] {
		out++
	}
	return out
}

// formula names the output extent over a symbolic input extent "%".
func (w *window) formula(i int) string {
	if w.auto != "" {
		return fmt.Sprintf("ceil(%%/%d)", w.stride[i])
	}
	round := "floor"
	if w.ceil {
		round = "ceil"
	}
	s := fmt.Sprintf("%s((%%+%d)/%d)", round, w.begin[i]+w.end[i]-w.reach(i)+w.stride[i], w.stride[i])
	return strings.ReplaceAll(s, "+-", "-")
}
