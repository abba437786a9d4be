// Normalisation by the statistics of a batch: what norm.c says to norm_source.h.
#ifndef PF_NORM_H
#define PF_NORM_H

#include <stddef.h>

// At most so many channels are taken together, image by image: planes of few
// elements lie side by side.
enum { PF_NORM_CHANNELS = 16 };

// pf_norm is some channels of a tensor: images that are stride elements
// apart, each with channels planes of size elements.
typedef struct pf_norm {
	size_t images, stride, channels, size;
	// Forward: y = activation(scale·(x − mean)/deviation + bias + residual).
	// Backward: dz is dy, with dy2 added, where y is above 0; one or both of
	// dy2 and y may be NULL. dx may be dy. dz is written where it is not NULL.
	const float *x, *residual, *dy, *dy2;
	float *y, *dx, *dz;
	int relu;
	const float *scale, *bias; // of each channel
	double epsilon;
	// What the forward pass finds and the backward pass is told; variance is
	// not needed there.
	double mean[PF_NORM_CHANNELS], variance[PF_NORM_CHANNELS];
	float *center, *inverse; // the mean and 1/√(variance + epsilon), rounded
	float *dscale, *dbias;
} pf_norm;

#endif
