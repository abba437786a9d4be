// Package calibration shows samples to what measures a network: pruning
// criteria that look at data, and the means that compensation puts into biases.
// It is where pruning and training meet, which are blind to each other: pruning
// says what it wants to see, and training has the gradients.
//
// What holds: the samples drawn depend on the set's size and the seed alone.
package calibration
