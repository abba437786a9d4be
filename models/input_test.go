package models_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/models"
)

func TestParseInput(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"3x32x16", "3,32,16", "3×32×16"} {
		if got, err := models.ParseInput(text); err != nil || got != [3]int{3, 32, 16} {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"3x32", "3x32x0", "3x32x-1", "axbxc", "1x2x3x4", "99999999999999999999x1x1"} {
		if got, err := models.ParseInput(text); err == nil {
			t.Errorf("%q: %v and no error", text, got)
		}
	}
}
