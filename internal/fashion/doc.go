// Package fashion carries 7,000 images of Fashion-MNIST inside the program, so
// that demonstrations and tests have real data without a download.
//
// Fashion-MNIST (Zalando SE, MIT licence, see NOTICE.md; Xiao, Rasul, Vollgraf,
// arXiv:1708.07747) has 60,000 training and 10,000 test images of clothing, 28
// pixels square and grey, in ten classes. The part here, 600 and 100 of each
// class, is drawn by gen/main.go with a fixed seed and keeps the order of the
// full set.
//
// train.png and test.png hold the images one below the other as a strip 28
// pixels wide: PNG's own filters make that smaller than the gzip of the pixels.
// train.csv and test.csv hold one line per image: its index in the full set and
// its label.
package fashion

//go:generate go run ./gen
