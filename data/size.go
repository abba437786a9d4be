package data

import (
	"errors"
	"strconv"
	"strings"
)

// ParseSize reads one side, as 256, or height and width, as 240x320; the empty
// text is neither.
func ParseSize(text string) (sides []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "×", "x"), "x") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || len(sides) == 2 {
			return nil, errors.New("want one side, as 256, or height and width, as 240x320")
		}
		sides = append(sides, n)
	}
	return sides, nil
}

// ParseCrop reads height and width, or one side for both; the empty text is
// neither.
func ParseCrop(text string) (crop [2]int, err error) {
	sides, err := ParseSize(text)
	if copy(crop[:], sides) == 1 {
		crop[1] = crop[0]
	}
	return crop, err
}
