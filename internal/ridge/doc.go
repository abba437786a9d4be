// Package ridge fits linear maps by least squares, from sums that are gathered
// batch by batch.
//
// Sums hold what of the samples a fit needs: the products of the features with
// each other and with the targets. Their size does not depend on the number of
// samples. Fit solves the normal equations by Cholesky's method with a ridge
// that pulls the map to zero and leaves the constant free; Choose takes the
// ridge that does best on samples that were held back.
//
// What is not guaranteed: digits beyond those of the normal equations, whose
// condition is the square of the samples'.
//
// Source: Hoerl and Kennard, "Ridge Regression: Biased Estimation for
// Nonorthogonal Problems", Technometrics 12 (1970).
package ridge
