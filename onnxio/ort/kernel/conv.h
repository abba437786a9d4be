// What the three operators of a convolution share: its geometry, and the
// sweep, the sum that both the output and the gradient of the input are.
#ifndef PF_CONV_H
#define PF_CONV_H

#include "conv_kernels.h"
#include "op.h"

// pf_conv_attributes are a node's: rank is 0 where it names none of them.
typedef struct pf_conv_attributes {
	size_t rank;
	int64_t stride[3], dilation[3], begin[3], end[3];
	int64_t group;
	int64_t extent[3]; // the extents that a gradient cannot tell from its inputs
} pf_conv_attributes;

// pf_conv_create reads them; extent names the attribute of that name, or is
// NULL.
const char *pf_conv_create(const pf_attributes *, const char *extent, pf_conv_attributes *);

// pf_conv is a convolution of x [n, c·group, in] by w [m·group, c, kernel] to
// y [n, m·group, out].
typedef struct pf_conv {
	int64_t n, group, c, m;
	int64_t in[3], kernel[3], out[3], stride[3], dilation[3], begin[3];
	int64_t taps;
} pf_conv;

// pf_conv_set takes the extents of a tensor of this rank; those of a tensor
// that is not there yet are zero.
const char *pf_conv_set(pf_conv *, const pf_conv_attributes *, size_t rank, const int64_t *x, const int64_t *w, const int64_t *y);

// pf_conv_source is the layout of x, but for the number of images, and
// pf_conv_lattice the positions of y in it.
pf_source pf_conv_source(const pf_conv *);
pf_lattice pf_conv_lattice(const pf_conv *);

// pf_tap is what a position reads of a channel: the cell of a tap of the
// source, times the weight this far behind the channel's first.
typedef struct pf_tap {
	int64_t at[3], weight;
} pf_tap;

// pf_part is a lattice of positions with the taps that reach them.
typedef struct pf_part {
	pf_lattice lattice;
	size_t taps;
	pf_tap *tap;
	int32_t *offset; // of the cells of all channels' taps
	float *w;        // packed
} pf_part;

// pf_choose_images fixes how many images are interleaved, out of so many: what
// makes the fewest registers of the parts, where copying a group's values does
// not outweigh it. products is how many channels meet rows.
void pf_choose_images(pf_source *, pf_part *, size_t parts, int64_t images, int64_t values, int64_t products, int64_t lanes);

// pf_sweep is, for each image and group, out[row] = bias[row] + Σ w·in over
// channels and taps, at the positions of all parts.
typedef struct pf_sweep {
	pf_source source;
	pf_part *part;
	size_t parts;
	int64_t images, group, channels, rows; // channels and rows of a group
	int64_t group_step, row_step, channel_step; // in the weights
	int64_t in_plane, out_plane;
	const float *in, *w, *bias;
	float *out;
} pf_sweep;

// pf_sweep_run takes up to four of the call's buffers. Of a part it sets what
// is behind the taps.
const char *pf_sweep_run(pf_sweep *, pf_call *);

// pf_slots are pieces of scratch memory, one for each thread.
typedef struct pf_slots {
	char *memory;
	size_t bytes, count;
	int *busy;
} pf_slots;

const char *pf_slots_make(pf_slots *, pf_call *, size_t bytes);
void *pf_slots_take(pf_slots *);
void pf_slots_give(pf_slots *, void *);

extern const char pf_no_memory[], pf_too_large[];

#endif
