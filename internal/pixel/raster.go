package pixel

// raster is an image of 8-bit samples, or a part of one from a row and a column
// on: c planes (1 for grey, 3 for colours) of h rows of w values.
type raster struct {
	c, h, w   int
	pix       []uint8
	top, left int
}

func (r raster) size() int           { return r.c * r.h * r.w }
func (r raster) plane(c int) []uint8 { return r.pix[c*r.h*r.w:][:r.h*r.w] }

// orient writes src, stored with an EXIF orientation, upright to pix, which has
// room for it and does not overlap it.
func orient(src raster, orientation int, pix []uint8) raster {
	dst := raster{c: src.c, h: src.h, w: src.w, pix: pix[:src.size()]}
	if turned(orientation) {
		dst.h, dst.w = src.w, src.h
	}
	// The value at row y and column x of dst is that at start + y·down + x·right.
	var start, down, right int
	last, bottom := src.w-1, (src.h-1)*src.w
	switch orientation {
	case 2: // mirrored
		start, down, right = last, src.w, -1
	case 3: // upside down
		start, down, right = bottom+last, -src.w, -1
	case 4: // upside down and mirrored
		start, down, right = bottom, -src.w, 1
	case 5: // its columns are the rows
		start, down, right = 0, 1, src.w
	case 6: // a quarter turn clockwise puts it right
		start, down, right = bottom, 1, -src.w
	case 7: // its columns are the rows, from the last corner
		start, down, right = bottom+last, -1, -src.w
	case 8: // a quarter turn anticlockwise puts it right
		start, down, right = last, -1, src.w
	default:
		start, down, right = 0, src.w, 1
	}
	for c := range src.c {
		from, to := src.plane(c), dst.plane(c)
		for y := range dst.h {
			row, at := to[y*dst.w:][:dst.w], start+y*down
			for x := range row {
				row[x] = from[at]
				at += right
			}
		}
	}
	return dst
}
