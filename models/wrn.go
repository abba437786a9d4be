package models

import (
	"fmt"
	"slices"
)

// maxWiden keeps the factor of a Wide-ResNet within what a file can hold at
// the least depth.
const maxWiden = 100

// wideResNet returns the pre-activation network with basic blocks k times wider
// than its stem of 16 channels (Zagoruyko and Komodakis, arXiv 1605.07146).
// Its depth 6n+4 counts, unlike the others', the three shortcut convolutions.
func wideResNet(args ...int) (arch, error) {
	depth, k := args[0], args[1]
	if err := checkDepth(depth, 4); err != nil {
		return arch{}, err
	}
	if k > maxWiden {
		return arch{}, fmt.Errorf("widening factor %d is above %d", k, maxWiden)
	}
	return arch{
		Info: Info{
			Summary: fmt.Sprintf("Wide-ResNet-%d, %d/%d/%d channels", depth, 16*k, 32*k, 64*k),
			Source:  "Zagoruyko and Komodakis, arXiv 1605.07146",
			Input:   [3]int{3, 32, 32}, Classes: 10,
		},
		build: preResNet{
			stem: 16, blocks: slices.Repeat([]int{(depth - 4) / 6}, 3), channels: []int{16 * k, 32 * k, 64 * k},
		}.build,
	}, nil
}
