package jpeg

import (
	"errors"
	"image"
)

// ErrOther is the error of what this package leaves to image/jpeg: other
// processes and colours than it knows, and damaged files.
var ErrOther = errors.New("jpeg: not an intact baseline file in one scan")

// Decoder decodes one image after another. The zero value is ready. It is not
// safe for concurrent use.
type Decoder struct {
	frame

	quant  [4]quantTable
	tables [2][2]huffman // DC and AC

	scan    []byte   // the entropy-coded bytes, and what follows
	segment []byte   // a part of them without stuffing
	planes  [3]plane // of the components
	ycbcr   image.YCbCr
	grey    image.Gray
}

// plane holds the samples of a component in whole blocks.
type plane struct {
	pix    []uint8
	stride int
	need   image.Rectangle // the blocks that are wanted
}

// blockSide is the side of a block of samples.
const blockSide = 8

// Decode returns a part of the image whose beginning Header has read, an
// *image.YCbCr or an *image.Gray. It is good until the decoder is used again.
func (d *Decoder) Decode(window image.Rectangle) (image.Image, error) {
	if d.scan == nil {
		return nil, ErrOther
	}
	// A block takes two codes of a bit or more, so this is no long file's.
	if columns, rows := d.mcus(); columns*rows > 4*len(d.scan) {
		return nil, ErrOther
	}
	bounds := image.Rect(0, 0, d.width, d.height)
	window = window.Intersect(bounds)
	for i, c := range d.components {
		columns, rows := d.blocks(c)
		d.planes[i].size(columns, rows)
		d.planes[i].need = neededBlocks(window, d.maxH/c.h, d.maxV/c.v)
	}
	if err := d.readScan(); err != nil {
		return nil, err
	}
	if len(d.components) == 1 {
		d.grey = image.Gray{Pix: d.planes[0].pix, Stride: d.planes[0].stride, Rect: bounds}
		return d.grey.SubImage(window), nil
	}
	d.ycbcr = image.YCbCr{
		Y: d.planes[0].pix, Cb: d.planes[1].pix, Cr: d.planes[2].pix,
		YStride: d.planes[0].stride, CStride: d.planes[1].stride,
		SubsampleRatio: d.ratio, Rect: bounds,
	}
	return d.ycbcr.SubImage(window), nil
}

// size makes room for blocks.
func (p *plane) size(columns, rows int) {
	p.stride = blockSide * columns
	n := p.stride * blockSide * rows
	if cap(p.pix) < n {
		p.pix = make([]uint8, n)
	}
	p.pix = p.pix[:n]
}

// neededBlocks is the range of blocks with the samples of a window, where one
// stands for across × down pixels.
func neededBlocks(window image.Rectangle, across, down int) image.Rectangle {
	if window.Empty() {
		return image.Rectangle{}
	}
	w, h := blockSide*across, blockSide*down
	return image.Rect(window.Min.X/w, window.Min.Y/h, (window.Max.X-1)/w+1, (window.Max.Y-1)/h+1)
}
