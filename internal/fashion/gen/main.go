// Command gen draws the embedded part of Fashion-MNIST from the full set of
// Debian's package dataset-fashion-mnist and writes train.png, train.csv,
// test.png and test.csv to the current folder.
//
//	go generate ./internal/fashion
//
// The drawing is fixed: the same images come out every time.
package main

import (
	"compress/gzip"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/fashion"
)

const (
	seed   = 1708_07747 // the paper's number
	pixels = fashion.Side * fashion.Side
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "/usr/share/datasets/fashion-mnist", "folder of the full set's idx.gz files")
	flag.Parse()
	for i, part := range []struct {
		stem, name string
		perClass   int
	}{{"train", "train", 600}, {"t10k", "test", 100}} {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		if err := generate(*from, part.stem, part.name, part.perClass, rng); err != nil {
			log.Fatal(err)
		}
	}
}

func generate(from, stem, name string, perClass int, rng *rand.Rand) error {
	images, err := idxValues(filepath.Join(from, stem+"-images-idx3-ubyte.gz"), 16)
	if err != nil {
		return err
	}
	labels, err := idxValues(filepath.Join(from, stem+"-labels-idx1-ubyte.gz"), 8)
	if err != nil {
		return err
	}
	chosen := draw(labels, perClass, rng)
	strip := image.NewGray(image.Rect(0, 0, fashion.Side, fashion.Side*len(chosen)))
	var lines strings.Builder
	for k, i := range chosen {
		copy(strip.Pix[k*pixels:], images[i*pixels:(i+1)*pixels])
		fmt.Fprintf(&lines, "%d,%d\n", i, labels[i])
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = atomicfile.Write(name+".png", 0o666, func(w io.Writer) error { return encoder.Encode(w, strip) })
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(name+".csv", 0o666, []byte(lines.String()))
}

// draw returns perClass indices of each label, ascending.
func draw(labels []byte, perClass int, rng *rand.Rand) []int {
	left := make([]int, len(fashion.Classes))
	for c := range left {
		left[c] = perClass
	}
	var chosen []int
	for _, i := range rng.Perm(len(labels)) {
		if c := labels[i]; left[c] > 0 {
			left[c]--
			chosen = append(chosen, i)
		}
	}
	slices.Sort(chosen)
	return chosen
}

// idxValues returns what follows the header of a gzipped idx file.
func idxValues(path string, header int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	if len(content) < header {
		return nil, fmt.Errorf("%s is truncated", path)
	}
	return content[header:], nil
}
