package models

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseInput reads channels, height and width, as [Options] take them, such as
// "3x32x32". The empty text is the architecture's own, which is zero.
func ParseInput(text string) ([3]int, error) {
	var out [3]int
	if text == "" {
		return out, nil
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == 'x' || r == 'X' || r == '×' || r == ',' })
	if len(parts) != len(out) {
		return out, fmt.Errorf("%q: want channels, height and width, such as 3x32x32", text)
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 {
			return out, fmt.Errorf("%q: %q is not a number above 0", text, p)
		}
		out[i] = n
	}
	return out, nil
}
