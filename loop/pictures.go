package loop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// pictures is how many of the chosen images the report shows.
const pictures = 40

// writePictures keeps what the report shows of a choice: its first images.
func (e Env) writePictures(folder string, picked []selection.Selected) (Artefact, error) {
	var thumbs []report.Thumb
	for _, s := range picked[:min(pictures, len(picked))] {
		i := s.Record.Index
		b, err := e.picture(i)
		if err != nil {
			return Artefact{}, err
		}
		thumbs = append(thumbs, report.Thumb{
			ID: s.Record.ID, PNG: b, Rank: s.Rank, Score: s.Score,
			Predicted: e.class(s.Record.Class), Label: e.class(e.pool.Label(i)),
		})
	}
	return e.folder.write(e.file(folder, picturesFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(thumbs) })
}

// class is the name of a class; a sample without one has none.
func (e Env) class(i int) string {
	switch names := e.pool.Classes(); {
	case i < 0:
		return ""
	case i < len(names):
		return names[i]
	}
	return fmt.Sprint(i)
}

// picture is a sample of the pool as a PNG file.
func (e Env) picture(i int) ([]byte, error) {
	c, h, w, ok := e.pool.Shape().Image()
	if !ok { // its values in a row
		c, h, w = 1, 1, e.pool.Shape().Size()
	}
	x := make([]float32, c*h*w)
	if err := e.pool.Read(i, x); err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	plane := h * w
	at := func(k, p int) uint8 {
		return uint8(min(max(x[min(k, c-1)*plane+p], 0), 1)*255 + 0.5)
	}
	for p := range plane {
		img.SetNRGBA(p%w, p/w, color.NRGBA{R: at(0, p), G: at(1, p), B: at(2, p), A: 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
