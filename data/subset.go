package data

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Select returns the samples of a set that the file only names, or all where it
// is empty, less those that the file exclude names. Both hold names of samples,
// one a line, or lines of JSON with an "id".
func Select(s Set, only, exclude string) (Set, error) {
	if only == "" && exclude == "" {
		return s, nil
	}
	at := make(map[string]int, s.Len())
	for i := range s.Len() {
		at[s.ID(i)] = i
	}
	take := make([]bool, s.Len())
	for i := range take {
		take[i] = only == ""
	}
	for _, list := range []struct {
		path string
		take bool
	}{{only, true}, {exclude, false}} {
		if list.path == "" {
			continue
		}
		ids, err := readIDs(list.path)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			i, ok := at[id]
			if !ok {
				return nil, fmt.Errorf("%s: the data has no sample %q", list.path, id)
			}
			take[i] = list.take
		}
	}
	var indices []int
	for i, t := range take {
		if t {
			indices = append(indices, i)
		}
	}
	if len(indices) == 0 {
		return nil, errors.New("no sample is left of the data")
	}
	return Subset(s, indices), nil
}

// readIDs reads the names of samples, one a line, or the lines of a .jsonl
// selection or score file.
func readIDs(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var ids []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		id := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(id, "{") {
			var line struct{ ID string }
			if err := json.Unmarshal([]byte(id), &line); err != nil || line.ID == "" {
				return nil, fmt.Errorf("%s: line %d is no JSON with an \"id\"", path, n)
			}
			id = line.ID
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return ids, nil
}
