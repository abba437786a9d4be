package term

import (
	"errors"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := errors.Join(MarkdownHeader(&b, "a", "b"), MarkdownRow(&b, "x|y", "1\n2")); err != nil {
		t.Fatal(err)
	}
	if want := "| a | b |\n| --- | --- |\n| x\\|y | 1\uFFFD2 |\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
