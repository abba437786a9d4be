package pixel

import (
	"errors"
	"fmt"
	"math"
)

// Geometry says how images are brought to one size: resized, then cut down to
// their middle.
type Geometry struct {
	Size    [2]int // height and width; a width of zero means that height is the shorter side; zero keeps it
	Crop    [2]int // height and width of the middle that is kept; zero keeps all
	Bicubic bool   // bicubic instead of bilinear
}

// Placement says what a Geometry does to images of one size: to what they are
// resized, and the window of that which is kept.
type Placement struct {
	Rows, Columns   int
	Top, Left, H, W int
}

// Output returns the size of every sample where that does not depend on the image's.
func (g Geometry) Output() (size [2]int, known bool) {
	switch {
	case g.Crop != [2]int{}:
		return g.Crop, true
	case g.Size[1] != 0:
		return g.Size, true
	}
	return size, false
}

// Place works out what becomes of an h×w image, as torchvision's Resize and
// CenterCrop do.
func (g Geometry) Place(h, w int) (Placement, error) {
	p := Placement{Rows: h, Columns: w}
	switch {
	case g.Size[1] != 0:
		p.Rows, p.Columns = g.Size[0], g.Size[1]
	case g.Size[0] != 0 && h <= w:
		p.Rows, p.Columns = g.Size[0], g.Size[0]*w/h
	case g.Size[0] != 0:
		p.Rows, p.Columns = g.Size[0]*h/w, g.Size[0]
	}
	p.H, p.W = p.Rows, p.Columns
	if g.Crop != [2]int{} {
		p.H, p.W = g.Crop[0], g.Crop[1]
		if p.H > p.Rows || p.W > p.Columns {
			return p, fmt.Errorf("it is %d×%d, less than the %d×%d to be cut out of its middle; give a size to resize it to",
				p.Rows, p.Columns, p.H, p.W)
		}
		p.Top = int(math.RoundToEven(float64(p.Rows-p.H) / 2))
		p.Left = int(math.RoundToEven(float64(p.Columns-p.W) / 2))
	}
	if p.H > maxSide || p.W > maxSide {
		return p, fmt.Errorf("resized it would be %d×%d", p.Rows, p.Columns)
	}
	return p, nil
}

// Check reports whether images can be brought to one size so.
func (g Geometry) Check() error {
	outside := func(n int) bool { return n < 1 || n > maxSide }
	switch {
	case g.Size != [2]int{} && (outside(g.Size[0]) || g.Size[1] != 0 && outside(g.Size[1])):
		return fmt.Errorf("size %d×%d is not between 1×1 and %d×%d", g.Size[0], g.Size[1], maxSide, maxSide)
	case g.Crop != [2]int{} && (outside(g.Crop[0]) || outside(g.Crop[1])):
		return fmt.Errorf("crop %d×%d is not between 1×1 and %d×%d", g.Crop[0], g.Crop[1], maxSide, maxSide)
	case g.Size[1] != 0 && (g.Crop[0] > g.Size[0] || g.Crop[1] > g.Size[1]):
		return errors.New("the crop is larger than the size that it is cut out of")
	}
	return nil
}
