// The inner loops of convolutions, for one instruction set.
//
// Measured on a Xeon with AVX-512 that multiplies and adds 170 GFLOP/s a core:
// one thread reaches 115 to 135 of them for the 3×3 layers of a ResNet-20 of
// width 16, forward and to the input, copies included, and 95 to 115 to the
// weights; with AVX2, of 85, it is 70 to 77 and 55 to 64. Tried and left: bringing
// the next image near by prefetches (0 to 5 % less time).
#ifndef PF_CONV_KERNELS_H
#define PF_CONV_KERNELS_H

#include "conv_lattice.h"

// pf_correlation is out[m][v] = bias[m] + Σ_k w[m][k] · base[start[v] + offset[k]],
// where v counts registers.
typedef struct pf_correlation {
	const float *base;
	const int32_t *offset, *start;
	size_t terms, vectors;
	const float *w;    // packed: see pf_conv_pack
	const float *bias; // or NULL
	size_t rows, from, to; // of all rows, the blocks to compute
	float *out;            // of row 0; a row every pitch floats
	size_t pitch;
} pf_correlation;

// pf_product is dw[m][k] += Σ_v dy[m][at[v] + lane] · base[start[v] + offset[k] + lane],
// summed over the lanes of registers v.
typedef struct pf_product {
	const float *base, *dy;
	const int32_t *offset, *start, *at;
	size_t terms, vectors, rows;
	size_t pitch; // of dy, from one row to the next
	float *dw;
} pf_product;

// pf_images are planes of one channel in a row of images, of which the first
// count exist.
typedef struct pf_images {
	int64_t step, count;
} pf_images;

typedef struct pf_conv_kernels {
	int64_t lanes;
	size_t block; // rows that a correlation takes at a time, at most
	void (*correlate)(const pf_correlation *);
	void (*multiply)(const pf_product *);
	// spread lays out channels that lie one behind the other, to every pitch
	// floats of the scratch, which was cleared before.
	void (*spread)(const pf_source *, const float *x, int64_t channels, pf_images, float *cells, int64_t pitch);
	// unpack writes packed values to the planes, pack reads them from there;
	// lanes that are of no position keep what they had.
	void (*unpack)(const pf_lattice *, const float *packed, int64_t images, float *y, pf_images);
	void (*pack)(const pf_lattice *, const float *y, int64_t images, float *packed, pf_images);
} pf_conv_kernels;

// pf_conv_kernels_best are the ones for the instruction set in use.
const pf_conv_kernels *pf_conv_kernels_best(void);

// pf_conv_blocks is how many blocks of rows there are; block i begins at row
// pf_share(rows, i, blocks). Packed weights hold, block by block and term by
// term, the block's rows.
static inline size_t pf_conv_blocks(const pf_conv_kernels *k, size_t rows) { return (rows + k->block - 1) / k->block; }

#endif
