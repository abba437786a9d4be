package data

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/prunefuse/prunefuse/internal/fashion"
)

// fashionFolder is where Debian's package dataset-fashion-mnist keeps its files.
const fashionFolder = "/usr/share/datasets/fashion-mnist"

// Demo returns the embedded part of Fashion-MNIST: 6,000 training images for
// split "train" or "", 1,000 test images for "test". The IDs are those the same
// images have in the full set.
func Demo(split string) (Set, error) {
	read := fashion.Train
	switch split {
	case "", "train":
		split = "train"
	case "test":
		read = fashion.Test
	default:
		return nil, fmt.Errorf("there is no split %s; use train or test", split)
	}
	images, err := read()
	if err != nil {
		return nil, err
	}
	return &byteSet{
		name: "demo", shape: Shape{1, fashion.Side, fashion.Side}, classes: fashion.Classes,
		labels: images.Labels, count: len(images.Labels), prefix: split + "/", indices: images.Indices,
		r: bytes.NewReader(images.Pixels), stride: fashion.Side * fashion.Side,
	}, nil
}

func openFashion(split string) (Set, error) {
	if split == "val" {
		return nil, errors.New("there is no split val; use train or test")
	}
	if _, err := os.Stat(fashionFolder); err != nil {
		return nil, errors.New("the full set is not installed: run \"apt install dataset-fashion-mnist\", or use demo, the 7,000 images of it that are built in")
	}
	path, ok := idxInFolder(fashionFolder, Options{Split: split})
	if !ok {
		return nil, fmt.Errorf("%s does not hold its images", fashionFolder)
	}
	set, err := openIDX(path)
	if err != nil {
		return nil, err
	}
	return withClasses(set, fashion.Classes)
}
