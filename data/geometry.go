package data

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// geometry says how images are brought to one size: resized, then cut down to
// their middle.
type geometry struct {
	size  [2]int // height and width; a width of zero means that height is the shorter side; zero keeps it
	crop  [2]int // height and width of the middle that is kept; zero keeps all
	cubic bool   // bicubic instead of bilinear
}

func (o Options) geometry() geometry {
	return geometry{o.Size, o.Crop, o.Filter == "bicubic"}
}

// placement is what a geometry does to images of one size: to what they are
// resized, and the window of that which is kept.
type placement struct {
	rows, columns   int
	top, left, h, w int
}

// output is the size of every sample where that does not depend on the image's.
func (g geometry) output() (size [2]int, known bool) {
	switch {
	case g.crop != [2]int{}:
		return g.crop, true
	case g.size[1] != 0:
		return g.size, true
	}
	return size, false
}

// place follows torchvision's Resize and CenterCrop.
func (g geometry) place(h, w int) (placement, error) {
	p := placement{rows: h, columns: w}
	switch {
	case g.size[1] != 0:
		p.rows, p.columns = g.size[0], g.size[1]
	case g.size[0] != 0 && h <= w:
		p.rows, p.columns = g.size[0], g.size[0]*w/h
	case g.size[0] != 0:
		p.rows, p.columns = g.size[0]*h/w, g.size[0]
	}
	p.h, p.w = p.rows, p.columns
	if g.crop != [2]int{} {
		p.h, p.w = g.crop[0], g.crop[1]
		if p.h > p.rows || p.w > p.columns {
			return p, fmt.Errorf("it is %d×%d, less than the %d×%d to be cut out of its middle; give a size to resize it to",
				p.rows, p.columns, p.h, p.w)
		}
		p.top = int(math.RoundToEven(float64(p.rows-p.h) / 2))
		p.left = int(math.RoundToEven(float64(p.columns-p.w) / 2))
	}
	if p.h > maxSide || p.w > maxSide {
		return p, fmt.Errorf("resized it would be %d×%d", p.rows, p.columns)
	}
	return p, nil
}

func (g geometry) check() error {
	outside := func(n int) bool { return n < 1 || n > maxSide }
	switch {
	case g.size != [2]int{} && (outside(g.size[0]) || g.size[1] != 0 && outside(g.size[1])):
		return fmt.Errorf("size %d×%d is not between 1×1 and %d×%d", g.size[0], g.size[1], maxSide, maxSide)
	case g.crop != [2]int{} && (outside(g.crop[0]) || outside(g.crop[1])):
		return fmt.Errorf("crop %d×%d is not between 1×1 and %d×%d", g.crop[0], g.crop[1], maxSide, maxSide)
	case g.size[1] != 0 && (g.crop[0] > g.size[0] || g.crop[1] > g.size[1]):
		return errors.New("the crop is larger than the size that it is cut out of")
	}
	return nil
}

// ParseSize reads one side, as 256, or height and width, as 240x320; the empty
// text is neither.
func ParseSize(text string) (sides []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "×", "x"), "x") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || len(sides) == 2 {
			return nil, errors.New("want one side, as 256, or height and width, as 240x320")
		}
		sides = append(sides, n)
	}
	return sides, nil
}

// ParseCrop reads height and width, or one side for both; the empty text is
// neither.
func ParseCrop(text string) (crop [2]int, err error) {
	sides, err := ParseSize(text)
	if copy(crop[:], sides) == 1 {
		crop[1] = crop[0]
	}
	return crop, err
}
