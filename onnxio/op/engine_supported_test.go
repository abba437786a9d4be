package op_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/op"
)

// TestSupported holds what cannot be trained through or pruned, as the table
// says of itself with its reasons, against the list of what was agreed to.
func TestSupported(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, s := range op.Supported() {
		if len(s.Since) == 0 || (len(s.Since) > 1 && s.Since[1] <= op.MinOpset) {
			t.Errorf("%s: since %v", s.Op, s.Since)
		}
		name := strings.TrimPrefix(s.Domain+"."+s.Op, ".")
		if s.NoGradient != "" {
			fmt.Fprintf(&got, "%s: no gradient: %s\n", name, s.NoGradient)
		}
		if s.NoPruning != "" {
			fmt.Fprintf(&got, "%s: no pruning: %s\n", name, s.NoPruning)
		}
	}
	const file = "testdata/unsupported.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the table says\n%s\nwant\n%s", got.String(), want)
	}
}
