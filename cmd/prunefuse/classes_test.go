package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The animals of the tests are colours.
var animals = map[string]color.NRGBA{
	"cat": {255, 0, 0, 255}, "dog": {0, 255, 0, 255}, "eel": {0, 0, 255, 255}, "wolf": {255, 255, 0, 255},
}

// zoo is a folder of models and sets in which labels may meet.
type zoo struct{ dir string }

func (z zoo) path(name string) string { return filepath.Join(z.dir, name) }

// do runs a command that has to succeed.
func (z zoo) do(t *testing.T, args ...string) string {
	t.Helper()
	code, out, problems := runQuietly(append(args, "-q")...)
	if code != exitOK {
		t.Fatalf("%v: code %d: %s", args, code, problems)
	}
	return out
}

// folder writes a folder of the images of some classes, a few each.
func (z zoo) folder(t *testing.T, name string, classes ...string) string {
	t.Helper()
	for _, class := range classes {
		for i := range 3 {
			writeAnimal(t, z.path(filepath.Join(name, class, fmt.Sprintf("%d.png", i))), class)
		}
	}
	return z.path(name)
}

func writeAnimal(t *testing.T, path, class string) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i := range 4 {
		img.SetNRGBA(i%2, i/2, animals[class])
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err == nil {
		err = png.Encode(f, img)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// list writes a list of images of one each of cat, dog and eel, with labels.
func (z zoo) list(t *testing.T, name string, labels ...string) string {
	t.Helper()
	rows := [][]string{{"path", "label"}}
	for i, class := range []string{"cat", "dog", "eel"} {
		rows = append(rows, []string{filepath.Join(z.dir, "all", class, "0.png"), labels[i]})
	}
	f, err := os.Create(z.path(name))
	if err == nil {
		err = csv.NewWriter(f).WriteAll(rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return z.path(name)
}

func newZoo(t *testing.T) zoo {
	t.Helper()
	if err := ort.Init(context.Background(), ort.Options{}); err != nil {
		t.Skip(err)
	}
	z := zoo{t.TempDir()}
	z.folder(t, "all", "cat", "dog", "eel")
	z.folder(t, "some", "dog", "eel")
	z.folder(t, "wolves", "cat", "wolf")
	z.list(t, "numbers.csv", "2", "0", "1") // as dog, eel, cat has them
	z.list(t, "beyond.csv", "2", "0", "3")
	// One model says its names in an order that is not the alphabet's, one none.
	z.do(t, "new", "mlp", "--input", "3x2x2", "--classes", "dog,eel,cat", "-o", z.path("untrained.onnx"))
	z.do(t, "train", z.path("untrained.onnx"), "--data", z.path("all"), "--epochs", "60", "--lr", "0.05", "-o", z.path("named.onnx"))
	z.do(t, "new", "mlp", "--input", "3x2x2", "--classes", "3", "-o", z.path("nameless.onnx"))
	z.do(t, "new", "mlp", "--input", "3x2x2", "--classes", "cat,dog,eel", "-o", z.path("sorted.onnx"))
	return z
}

// A place is where the labels of data meet a model.
type place struct {
	flag string // the command and its flag, or what else it is
	args func(z zoo, model, set string) []string
	// knows reads from the output that the labels were right for the model that
	// knows the animals; nil where it tells nothing of them.
	knows func(t *testing.T, z zoo, out string)
	// named says that a model without names has those of other data there.
	named bool
}

func accuracyOf(mark string) func(*testing.T, zoo, string) {
	return func(t *testing.T, _ zoo, out string) {
		t.Helper()
		if !strings.Contains(out, mark) {
			t.Errorf("the labels were not numbered as the model numbers its classes: %s", out)
		}
	}
}

// labelsAreClasses wants the class of each sample of a score file to be its label.
func labelsAreClasses(t *testing.T, z zoo, _ string) {
	t.Helper()
	content, err := os.ReadFile(z.path("scores.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var s struct {
			ID    string
			Label *int
			Class int
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Label == nil || *s.Label != s.Class {
			t.Errorf("%s (%v)", line, err)
		}
	}
}

// places are all of them. TestEveryPlace holds the flags of all commands against
// this list, so that none is forgotten.
var places = []place{
	{"eval --data", func(_ zoo, model, set string) []string {
		return []string{"eval", model, "--data", set}
	}, accuracyOf("accuracy           100.0 %"), false},
	{"train --data", func(z zoo, model, set string) []string {
		return []string{"train", model, "--data", set, "--epochs", "1", "--lr", "0.0001", "-o", z.path("t.onnx"), "-f"}
	}, accuracyOf("accuracy 100.0 %"), false},
	{"train --val", func(z zoo, model, set string) []string {
		return []string{"train", model, "--data", z.path("all"), "--val", set, "--epochs", "1", "--lr", "0.0001", "-o", z.path("t.onnx"), "-f"}
	}, accuracyOf("validation loss 0.0"), false},
	{"score --pool", func(z zoo, model, set string) []string {
		return []string{"score", model, "--pool", set, "-o", z.path("scores.jsonl"), "-f"}
	}, labelsAreClasses, false},
	{"score --labelled", func(z zoo, model, set string) []string {
		return []string{"score", model, "--pool", z.path("all"), "--labelled", set, "--strategy", "cal", "-k", "1"}
	}, nil, false},
	{"prune --data", func(z zoo, model, set string) []string {
		return []string{"prune", model, "--ratio", "0.5", "--criterion", "taylor", "--data", set, "-o", z.path("p.onnx"), "-f"}
	}, nil, false},
	{unlabelled, func(z zoo, model, set string) []string {
		return []string{"prune", model, "--ratio", "0.5", "--recover", set, "-o", z.path("p.onnx"), "-f"}
	}, nil, false},
	{"run data", func(z zoo, model, set string) []string {
		return z.run(model, set, z.path("all"))
	}, func(t *testing.T, z zoo, _ string) { labelsAreNames(t, z.path("run/first/labels.jsonl")) }, false},
	{"run test", func(z zoo, model, set string) []string {
		return z.run(model, z.path("all"), set)
	}, nil, true},
}

// unlabelled is a place where data come in whose labels nobody looks at.
const unlabelled = "prune --recover"

// run writes the configuration of a small run and gives the command for it.
func (z zoo) run(model, set, test string) []string {
	text := fmt.Sprintf(`data: %q
test: %q
model: {file: %q}
prune: {ratio: 0.5}
label: {initial: 2, add: [1], strategy: margin}
selector: &recipe {steps: 2, batch: 2, lr: 0.01}
final: *recipe
`, set, test, model)
	if err := os.WriteFile(z.path("run.yaml"), []byte(text), 0o666); err != nil {
		panic(err)
	}
	return []string{"run", z.path("run.yaml"), "-o", z.path("run"), "-f"}
}

// labelsAreNames wants the label of each image to be the number of its animal in
// the model that knows the animals.
func labelsAreNames(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		var s struct {
			ID, Class string
			Label     int
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil || !strings.Contains(s.ID, s.Class+"/") || slices.Index([]string{"dog", "eel", "cat"}, s.Class) != s.Label {
			t.Errorf("%s (%v)", line, err)
		}
	}
}

// elsewhere are the flags that name data or classes by which labels do not meet a
// model, or which tests of their own hold.
var elsewhere = []string{
	"train --distill", "score --committee", "fuse --dense", "fuse --pruned", // models: TestModelsOfOneKind
	"train --labels", "eval --labels", "score --labels", "prune --labels", // TestLabelFiles
	"train --classes", "eval --classes", "score --classes", "prune --classes", "new --classes", // TestClassesFlag
	"label import --pool", "label import --model", "label import --classes", "label export --model", "label export --classes",
	"latency --data",
	"label export --pool", "select --pool", "select --classes", // images and words beside a choice that is made: TestSheet of labelling
}

func TestEveryPlace(t *testing.T) {
	t.Parallel()
	known := slices.Clone(elsewhere)
	for _, p := range places {
		known = append(known, p.flag)
	}
	var check func(*cobra.Command)
	check = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			name := strings.TrimPrefix(c.CommandPath(), "prunefuse ") + " --" + f.Name
			_, sets := f.Value.(*specList)
			words := []string{"pool", "data", "classes", "labels", "labelled", "distill", "committee", "dense", "pruned", "recover"}
			if (sets || slices.Contains(words, f.Name)) && !slices.Contains(known, name) {
				t.Errorf("%s may be a place where labels meet a model: put it into places, or elsewhere", name)
			}
		})
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(newRootCommand(&globals{}))
}

func TestClassesByName(t *testing.T) {
	z := newZoo(t)
	named, nameless := z.path("named.onnx"), z.path("nameless.onnx")
	for _, c := range []struct {
		about, model, set string
		refused           []string // words of the refusal; nil where it works
	}{
		{"names in another order", named, z.path("all"), nil},
		{"a subset", named, z.path("some"), nil},
		{"an unknown name", named, z.path("wolves"), []string{`no class "wolf"`, `"cat", "wolf"`, `"dog", "eel", "cat"`, "--classes"}},
		{"numbers against names", named, z.path("numbers.csv"), nil},
		{"a number beyond", named, z.path("beyond.csv"), []string{"label 3 out of range of the model's 3 outputs"}},
		{"names against numbers", nameless, z.path("all"), nil},
		{"fewer names than outputs", nameless, z.path("some"), []string{"2 classes for 3 outputs that have no names", `"dog", "eel"`, "--classes"}},
	} {
		for _, p := range places {
			t.Run(p.flag+"/"+c.about, func(t *testing.T) {
				code, out, problems := runQuietly(append(p.args(z, c.model, c.set), "-q")...)
				if c.refused == nil || c.model == nameless && p.named || p.flag == unlabelled {
					if code != exitOK {
						t.Fatalf("code %d: %s", code, problems)
					}
					if p.knows != nil && c.model == named {
						p.knows(t, z, out)
					}
					return
				}
				if code != exitFailed || strings.Count(problems, "\n") != 1 {
					t.Fatalf("code %d, stderr %q", code, problems)
				}
				for _, word := range c.refused {
					if word == "--classes" && strings.HasPrefix(p.flag, "run ") {
						continue // a configuration has no flags
					}
					if !strings.Contains(problems, word) {
						t.Errorf("%s lacks %q", problems, word)
					}
				}
			})
		}
	}
}

// Models that are put together tell the same classes apart, in the same order.
func TestModelsOfOneKind(t *testing.T) {
	z := newZoo(t)
	named, sorted, nameless, all := z.path("named.onnx"), z.path("sorted.onnx"), z.path("nameless.onnx"), z.path("all")
	z.do(t, "prune", z.path("untrained.onnx"), "--ratio", "0.5", "-o", z.path("small.onnx")) // pruned from the weights that sorted.onnx has as well
	z.do(t, "train", z.path("small.onnx"), "--data", all, "--epochs", "1", "-o", z.path("selector.onnx"))
	z.do(t, "prune", sorted, "--ratio", "0.5", "-o", z.path("other.onnx"))
	for _, c := range []struct {
		args []string
		fits bool
	}{
		{[]string{"train", named, "--data", all, "--distill", sorted, "--epochs", "1", "-o", z.path("d.onnx")}, false},
		{[]string{"train", named, "--data", all, "--distill", nameless, "--epochs", "1", "-o", z.path("d.onnx")}, true},
		{[]string{"score", named, "--committee", sorted, "--pool", all, "-o", z.path("c.jsonl")}, false},
		{[]string{"score", named, "--committee", nameless, "--pool", all, "-o", z.path("c.jsonl")}, true},
		{[]string{"fuse", "--dense", sorted, "--pruned", z.path("selector.onnx"), "-o", z.path("f.onnx")}, false},
		{[]string{"fuse", "--dense", z.path("untrained.onnx"), "--pruned", z.path("selector.onnx"), "-o", z.path("f.onnx")}, true},
	} {
		code, _, problems := runQuietly(append(c.args, "-q", "-f")...)
		if c.fits != (code == exitOK) {
			t.Errorf("%v: code %d: %s", c.args, code, problems)
		}
		if !c.fits && (!strings.Contains(problems, `"dog", "eel", "cat"`) || !strings.Contains(problems, `"cat", "dog", "eel"`)) {
			t.Errorf("%v: %s tells not both lists", c.args, problems)
		}
	}
	z.do(t, "export", z.path("f.onnx"), "-o", z.path("e.onnx"))
	for _, name := range []string{"untrained", "named", "small", "selector", "f", "e"} {
		if got := namesOf(t, z.path(name+".onnx")); !slices.Equal(got, []string{"dog", "eel", "cat"}) {
			t.Errorf("%s.onnx names the classes %q", name, got)
		}
	}
}

func namesOf(t *testing.T, path string) []string {
	t.Helper()
	m, err := onnxio.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	in, err := data.InputOf(m)
	if err != nil {
		t.Fatal(err)
	}
	return in.Classes.Names
}

// A file of labels goes by names where it has such, and by the model's numbers
// where it has numbers, whatever the folders of the samples are called.
func TestLabelFiles(t *testing.T) {
	z := newZoo(t)
	var names, numbers strings.Builder
	rows := "id,label\n"
	for _, class := range []string{"cat", "dog", "eel"} { // the order of the samples
		for i := range 3 {
			fmt.Fprintln(&names, class)
			fmt.Fprintln(&numbers, slices.Index([]string{"dog", "eel", "cat"}, class))
			rows += fmt.Sprintf("%s/%d.png,%s\n", class, i, class)
		}
	}
	for name, text := range map[string]string{"names.txt": names.String(), "numbers.txt": numbers.String(), "labels.csv": rows} {
		if err := os.WriteFile(z.path(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		out := z.do(t, "eval", z.path("named.onnx"), "--data", z.path("all"), "--labels", z.path(name))
		accuracyOf("accuracy           100.0 %")(t, z, out)
	}
	code, _, problems := runQuietly("eval", z.path("named.onnx"), "--data", z.path("some"), "--labels", z.path("labels.csv"), "-q")
	if code != exitFailed || !strings.Contains(problems, `the data has no sample "cat/`) {
		t.Errorf("code %d: %s", code, problems)
	}
}

// --classes names the outputs of a model that does not, and a training keeps them.
func TestClassesFlag(t *testing.T) {
	z := newZoo(t)
	z.do(t, "train", z.path("nameless.onnx"), "--data", z.path("some"), "--classes", "eel,cat,dog", "--epochs", "1", "-o", z.path("t.onnx"))
	if got := namesOf(t, z.path("t.onnx")); !slices.Equal(got, []string{"eel", "cat", "dog"}) {
		t.Errorf("the classes are %q", got)
	}
	code, _, problems := runQuietly("eval", z.path("nameless.onnx"), "--data", z.path("some"), "--classes", "eel,dog", "-q")
	if code != exitFailed || !strings.Contains(problems, "2 names for 3 outputs") {
		t.Errorf("code %d: %s", code, problems)
	}
}
