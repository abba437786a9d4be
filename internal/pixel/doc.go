// Package pixel decodes, resizes, crops, augments and mixes images.
//
// Images are decoded by the standard library, golang.org/x/image and, where they
// are baseline JPEG, internal/jpeg, and turned upright by their EXIF orientation.
// They are taken to RGB as libjpeg and PIL do it: subsampled chroma is
// interpolated, samples of 16 bits keep their upper 8, alpha is dropped, and of an
// animation the first frame counts. They are resized by PIL's antialiased BILINEAR
// or BICUBIC filter with its results to the last bit; floats by the same filters
// without rounding. Augmentations are torchvision's.
//
// All work on planes: the rows of the first channel, then those of the next. Memory
// is that of a [Scratch], one for each goroutine.
//
// Not guaranteed: PIL's values of progressive JPEG and of lossy WebP, whose inverse
// transform here rounds otherwise; they differ by 3 of 255 at the most that was
// seen.
package pixel
