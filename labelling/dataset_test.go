package labelling

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
)

func TestArray(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := data.WriteNPY(path, []int{3, 2}, make([]float32, 6)); err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(path, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close(set)
	samples := SamplesOf(set)
	classes := data.Classes{Names: []string{"cat", "dog"}}
	got, err := Array([]Label{{set.ID(2), "cat"}, {set.ID(0), "dog"}}, samples, classes)
	if err != nil || fmt.Sprint(got) != "[1 -1 0]" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = Array([]Label{{"nobody", "cat"}, {set.ID(0), "cow"}, {set.ID(1), "hen"}}, samples, classes)
	if err == nil || !strings.HasPrefix(err.Error(), `3 problems: the data has no sample "nobody"; sample `) {
		t.Errorf("error is %v", err)
	}
}
