package loop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
)

// unsafe is what stands in no name of a file.
var unsafe = regexp.MustCompile(`[^\pL\pN._-]+`)

// images writes the images that are not there yet and names them in the items. One
// that is no image has none.
func (p *people) images(ctx context.Context, items []labelling.Item) error {
	if _, _, _, ok := p.env.pool.Shape().Image(); !ok {
		return nil
	}
	found, err := p.env.folder.list(p.name(batchImages))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	there := map[string]string{} // names by their stems
	for _, name := range found {
		there[strings.TrimSuffix(name, path.Ext(name))] = name
	}
	for i := range items {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		it := &items[i]
		stem := stemOf(it.Rank, it.ID)
		name, known := there[stem]
		if !known {
			if name, err = p.image(it.Index, stem); err != nil {
				return err
			}
		}
		it.Image = path.Join(batchImages, name)
	}
	return nil
}

// stemOf is the name of the image of a sample in its batch, without the ending.
func stemOf(rank int, id string) string {
	return fmt.Sprintf("%04d-%s", rank, unsafe.ReplaceAllString(strings.TrimSuffix(path.Base(id), path.Ext(id)), "_"))
}

// image writes the image of a sample of the pool: the file as the pool keeps it, or a
// PNG of what the network sees.
func (p *people) image(index int, stem string) (name string, err error) {
	content, err := data.Picture(p.env.pool, index)
	if err != nil {
		return "", err
	}
	name = stem + extensionOf(content)
	_, err = p.env.folder.write(p.name(path.Join(batchImages, name)), func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return name, err
}

// extensionOf is the usual ending for an image.
func extensionOf(content []byte) string {
	switch kind := http.DetectContentType(content); kind {
	case "image/jpeg":
		return ".jpg"
	case "image/png", "image/gif", "image/webp", "image/bmp":
		return "." + strings.TrimPrefix(kind, "image/")
	}
	return ".img"
}
