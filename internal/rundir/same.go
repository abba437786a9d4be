package rundir

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// same is an error where a folder holds the run of other, which is not that of
// info, or would go on with it by other means. It names the first thing in which
// they differ.
func (info Info) same(other Info, computes []string) error {
	here, err := plain(info.Config)
	if err != nil {
		return err
	}
	there, err := plain(other.Config)
	if err != nil {
		return err
	}
	if key, differs := difference("", here, there); differs {
		return fmt.Errorf("it holds a run of another configuration: %s differs; name another folder, or start anew with --force (-f)", key)
	}
	for _, path := range slices.Sorted(maps.Keys(info.Inputs)) {
		if was, known := other.Inputs[path]; known && was != info.Inputs[path] {
			return fmt.Errorf("%s has changed since the run began; put back what it was, or start anew with --force (-f)", path)
		}
	}
	if !maps.Equal(info.Inputs, other.Inputs) {
		return fmt.Errorf("it holds a run of other inputs; name another folder, or start anew with --force (-f)")
	}
	for _, key := range computes {
		if was, is := other.Versions[key], info.Versions[key]; was != is {
			return fmt.Errorf("its run began with %s %s, and this is %s, which may compute other bits; give it what it began with, or start anew with --force (-f)", key, was, is)
		}
	}
	return nil
}

// plain is a value as encoding/json makes it of any JSON value.
func plain(v any) (out any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}

// difference finds the first key, in order of the alphabet, whose values
// differ.
func difference(key string, a, b any) (string, bool) {
	x, isObject := a.(map[string]any)
	y, too := b.(map[string]any)
	if !isObject || !too {
		return key, !reflect.DeepEqual(a, b)
	}
	keys := maps.Clone(x)
	maps.Copy(keys, y)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		name := k
		if key != "" {
			name = key + "." + k
		}
		if found, differs := difference(name, x[k], y[k]); differs {
			return found, true
		}
	}
	return "", false
}
