// Shapes draws a folder of images to try the commands on: noisy circles,
// squares and triangles of 32×32 pixels, one folder a class.
//
//	go run ./examples/own-data/shapes -o images -n 40
//
// The same -seed gives the same pixels.
package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const side = 32

// inside tells whether a point is within a shape of radius 1 around the origin.
var inside = map[string]func(x, y float64) bool{
	"circle":   func(x, y float64) bool { return math.Hypot(x, y) < 1 },
	"square":   func(x, y float64) bool { return max(math.Abs(x), math.Abs(y)) < 0.85 },
	"triangle": func(x, y float64) bool { return y < 0.8 && math.Abs(x) < 0.55*(y+1) },
}

func main() {
	dir := flag.String("o", "images", "the `folder` to write")
	n := flag.Int("n", 40, "images a class")
	seed := flag.Uint64("seed", 1, "seed of the pixels")
	flag.Parse()
	if err := write(*dir, *n, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "shapes:", err)
		os.Exit(1)
	}
}

func write(dir string, n int, seed uint64) error {
	for class, is := range inside {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			return err
		}
		for i := range n {
			r := rand.New(rand.NewPCG(seed, uint64(class[0])<<32|uint64(i)))
			path := filepath.Join(dir, class, fmt.Sprintf("%s-%03d.png", class, i))
			if err := save(path, draw(r, is)); err != nil {
				return err
			}
		}
	}
	return nil
}

// draw puts a shape of random place, size and colour on a darker ground, with
// noise over both.
func draw(r *rand.Rand, is func(x, y float64) bool) image.Image {
	ground, shape := colour(r, 0, 100), colour(r, 140, 256)
	radius := 6 + 6*r.Float64()
	cx, cy := 16+6*(r.Float64()-0.5), 16+6*(r.Float64()-0.5)
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			c := ground
			if is((float64(x)-cx)/radius, (float64(y)-cy)/radius) {
				c = shape
			}
			m.SetRGBA(x, y, noisy(r, c))
		}
	}
	return m
}

func colour(r *rand.Rand, least, most float64) [3]float64 {
	level := func() float64 { return least + (most-least)*r.Float64() }
	return [3]float64{level(), level(), level()}
}

func noisy(r *rand.Rand, c [3]float64) color.RGBA {
	level := func(v float64) uint8 { return uint8(min(max(v+20*r.NormFloat64(), 0), 255)) }
	return color.RGBA{level(c[0]), level(c[1]), level(c[2]), 255}
}

func save(path string, m image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		return err
	}
	return f.Close()
}
