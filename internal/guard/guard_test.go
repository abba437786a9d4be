package guard_test

import (
	"errors"
	"testing"

	"github.com/prunefuse/prunefuse/internal/guard"
)

func TestAgainst(t *testing.T) {
	t.Parallel()
	var none []int
	err := guard.Against("file", func() error {
		none[3] = 1
		return nil
	})
	if want := "the file is damaged: runtime error: index out of range [3] with length 0"; err == nil || err.Error() != want {
		t.Errorf("a panic gives %v, want %q", err, want)
	}
	failed := errors.New("failed")
	if err := guard.Against("file", func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("an error gives %v", err)
	}
}
