package loop

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/data"
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
		b, err := data.PNG(e.pool, i)
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
