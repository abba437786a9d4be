package main

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
)

func TestSameClasses(t *testing.T) {
	t.Parallel()
	set, err := data.Demo("test")
	if err != nil {
		t.Fatal(err)
	}
	names := set.Classes()
	other := append([]string{names[1], names[0]}, names[2:]...)
	for _, fits := range [][]string{nil, names} {
		if err := sameClasses(set, fits); err != nil {
			t.Error(err)
		}
	}
	for _, differs := range [][]string{other, names[1:]} {
		if err := sameClasses(set, differs); err == nil || !strings.Contains(err.Error(), names[0]) {
			t.Errorf("classes %q: error %v", differs, err)
		}
	}
}
