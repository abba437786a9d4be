package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/onnxio"
)

const (
	commandKey = "prunefuse.command"
	versionKey = "prunefuse.version"
)

// stamp writes into a model what made it. Only what bears on the content is
// recorded: not where files lie, nor how fast or how loud the work was, so
// that the same work gives the same file.
func stamp(m *onnxio.Model, cmd *cobra.Command, args []string) {
	words := []string{cmd.CommandPath()}
	for _, a := range args {
		words = append(words, filepath.Base(a))
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || f.Annotations[incidental] != nil {
			return
		}
		value := filepath.Base(f.Value.String())
		switch list := f.Value.(type) {
		case pflag.SliceValue:
			value = strings.Join(list.GetSlice(), ",")
		case *specList:
			var names []string
			for _, spec := range *list {
				names = append(names, filepath.Base(spec))
			}
			value = strings.Join(names, ",")
		}
		words = append(words, "--"+f.Name+"="+value)
	})
	m.SetMeta(commandKey, strings.Join(words, " "))
	m.SetMeta(versionKey, version.Version)
	m.SetProducer("prunefuse", version.Version)
}

// incidental is the annotation of flags that do not bear on the content of
// the model a command writes.
const incidental = "incidental"

func markIncidental(fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := fs.SetAnnotation(name, incidental, []string{}); err != nil {
			panic("BUG: " + err.Error())
		}
	}
}

// fileBytes is the size of a model's file and of those beside it that hold its
// weights.
func fileBytes(path string, m *onnxio.Model) int64 {
	n := fileSize(path)
	for _, data := range m.DataFiles() {
		n += fileSize(data)
	}
	return n
}

// fileSize is the size of a file, 0 where it cannot be told.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
