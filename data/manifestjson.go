package data

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func readJSONL(r *bufio.Reader, opts Options, add func(entry, bool)) (labelled bool, err error) {
	hasID, first := false, true
	err = eachLine(r, func(_ int, line []byte) error {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			return fmt.Errorf("no JSON object: %w", err)
		}
		path, ok := field(object, opts.PathColumn, opts.pathColumns())
		if !ok {
			return missingField(object, opts.PathColumn, opts.pathColumns())
		}
		label, ok := field(object, opts.LabelColumn, labelColumns)
		if !ok && opts.LabelColumn != "" {
			return missingField(object, opts.LabelColumn, nil)
		}
		labelled = labelled || ok
		id, ok := field(object, opts.IDColumn, idColumns)
		if first {
			hasID, first = ok, false
		}
		if ok != hasID || !ok && opts.IDColumn != "" {
			return missingField(object, opts.IDColumn, idColumns)
		}
		var e entry
		for _, f := range []struct {
			name string
			raw  json.RawMessage
			to   *string
		}{{"path", path, &e.path}, {"label", label, &e.label}, {"ID", id, &e.id}} {
			if *f.to, err = jsonText(f.raw); err != nil {
				return fmt.Errorf("the %s %w", f.name, err)
			}
		}
		if err := e.check(hasID); err != nil {
			return err
		}
		add(e, hasID)
		return nil
	})
	return labelled, err
}

func field(object map[string]json.RawMessage, name string, known []string) (json.RawMessage, bool) {
	if name != "" {
		known = []string{name}
	}
	for _, k := range known {
		if raw, ok := object[k]; ok {
			return raw, true
		}
	}
	return nil, false
}

func missingField(object map[string]json.RawMessage, name string, known []string) error {
	if name != "" {
		known = []string{name}
	}
	keys := slices.Sorted(func(yield func(string) bool) {
		for k := range object {
			if !yield(k) {
				return
			}
		}
	})
	return fmt.Errorf("none of its fields (%s) is named %s", strings.Join(keys, ", "), strings.Join(known, ", "))
}

// jsonText is a string, a number as it is written, or nothing for null.
func jsonText(raw json.RawMessage) (string, error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw), nil
	}
	return "", errors.New("is neither a string nor a number")
}
