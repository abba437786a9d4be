// Package datatest makes data sets for tests.
package datatest

import (
	"math/rand/v2"
	"os"
	"testing"
)

// CIFAR writes n random samples of so many classes, in turn, in the form of
// CIFAR-10's files, and returns the path.
func CIFAR(t testing.TB, path string, n, classes int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	var b []byte
	for i := range n {
		b = append(b, byte(i%classes))
		for range 3 * 32 * 32 {
			b = append(b, byte(rng.Uint32()))
		}
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
