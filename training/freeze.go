package training

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/glob"
	"github.com/prunefuse/prunefuse/onnxio"
)

// learning leaves the weights that the patterns let learn: those that one of
// learn matches, where there is one, without those that one of freeze does.
func learning(weights []*onnxio.Tensor, learn, freeze []string) ([]*onnxio.Tensor, error) {
	var names []string
	for _, w := range weights {
		names = append(names, w.Name())
	}
	for _, p := range slices.Concat(learn, freeze) {
		if err := checkPattern(p, names); err != nil {
			return nil, err
		}
	}
	matches := func(patterns []string, name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return glob.Match(p, name) })
	}
	var out []*onnxio.Tensor
	for _, w := range weights {
		if (len(learn) == 0 || matches(learn, w.Name())) && !matches(freeze, w.Name()) {
			out = append(out, w)
		}
	}
	if len(out) == 0 && len(weights) > 0 {
		return nil, errors.New("nothing in the model can learn: every weight is frozen")
	}
	return out, nil
}

// checkPattern refuses a pattern that stands for none of the names.
func checkPattern(pattern string, names []string) error {
	if err := glob.Check(pattern); err != nil {
		return err
	}
	if slices.ContainsFunc(names, func(n string) bool { return glob.Match(pattern, n) }) {
		return nil
	}
	const most = 3
	var near []string
	for _, n := range glob.Nearest(pattern, names, most) {
		near = append(near, fmt.Sprintf("%q", n))
	}
	return fmt.Errorf("no weight matches %q; the nearest are %s", pattern, strings.Join(near, ", "))
}
