package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/onnxio"
)

// inputShapeOptions is the flag that gives inputs of open size a shape.
type inputShapeOptions struct {
	texts  []string
	shapes onnxio.InputShapes // by settle
}

func (o *inputShapeOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.texts, "input-shape", nil, "`shape` of an input with other free axes than the batch, as name:1,3,224,224; may be repeated")
}

func (o *inputShapeOptions) settle() (err error) {
	if o.shapes, err = onnxio.ParseInputShapes(o.texts); err != nil {
		return fmt.Errorf("--input-shape %w", err)
	}
	return nil
}
