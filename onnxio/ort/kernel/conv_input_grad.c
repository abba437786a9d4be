// ConvInputGrad(dy, w; spatial) -> dx: the gradient of Conv to its input, which
// has the extents spatial.
//
// Position i of dx is met by the taps t with i + begin − t·dilation divisible
// by the stride, at output position (i + begin − t·dilation) / stride. So dx
// falls into one lattice for each remainder, and each is a convolution of dy
// of stride 1 by its own few taps.
#include "conv.h"
#include "ops.h"

static const char *input_grad_create(const pf_attributes *a, void *state) { return pf_conv_create(a, "spatial", state); }

static const char *input_grad_set(pf_conv *v, const void *state, const pf_tensor *in) {
	if (in[0].rank != in[1].rank) return "its input and weights have different ranks";
	return pf_conv_set(v, state, in[0].rank, NULL, in[1].dims, in[0].dims);
}

static const char *input_grad_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	pf_conv v;
	const char *wrong = input_grad_set(&v, state, in);
	if (wrong) return wrong;
	out[0] = (pf_shape){in[0].rank, {v.n, v.c * v.group}};
	for (size_t i = 2; i < in[0].rank; i++) out[0].dims[i] = v.in[i + 3 - in[0].rank];
	return NULL;
}

// last_shift is by how many output positions the last tap of an axis is off.
static int64_t last_shift(const pf_conv *v, int i) { return (v->kernel[i] - 1) * v->dilation[i] / v->stride[i]; }

static pf_source gradient_source(const pf_conv *v) {
	pf_source s = {.step = {1, 1, 1}, .dilation = {1, 1, 1}, .phases = {1, 1, 1}};
	for (int i = 0; i < 3; i++) {
		int64_t last = (v->in[i] - 1 + v->begin[i]) / v->stride[i]; // position that the end of dx is at
		s.in[i] = v->out[i], s.begin[i] = last_shift(v, i);
		s.extent[i] = last + 1 + s.begin[i];
		s.most[i] = (v->in[i] - 1) / v->stride[i] + 1;
	}
	return s;
}

// part_at is the part of dx that begins at a position below the strides; tap
// has room for all taps.
static pf_part part_at(const pf_conv *v, const int64_t first[3], pf_tap *tap) {
	pf_part p = {.tap = tap};
	int64_t remainder[3];
	for (int i = 0; i < 3; i++) {
		remainder[i] = (first[i] + v->begin[i]) % v->stride[i];
		p.lattice.count[i] = (v->in[i] - first[i] - 1) / v->stride[i] + 1;
		p.lattice.origin[i] = (first[i] + v->begin[i]) / v->stride[i];
		p.lattice.plane[i] = v->in[i], p.lattice.first[i] = first[i], p.lattice.step[i] = v->stride[i];
	}
	for (int64_t t = 0; t < v->taps; t++) {
		int64_t at[3] = {t / v->kernel[2] / v->kernel[1], t / v->kernel[2] % v->kernel[1], t % v->kernel[2]};
		int meets = 1;
		for (int i = 0; i < 3; i++) {
			int64_t reach = at[i] * v->dilation[i];
			meets = meets && reach % v->stride[i] == remainder[i];
			at[i] = last_shift(v, i) - reach / v->stride[i];
		}
		if (meets) p.tap[p.taps++] = (pf_tap){{at[0], at[1], at[2]}, t};
	}
	return p;
}

static const char *input_grad_compute(pf_call *call) {
	pf_conv v;
	const char *wrong = input_grad_set(&v, call->state, call->in);
	if (wrong) return wrong;
	int64_t starts[3];
	for (int i = 0; i < 3; i++) starts[i] = v.stride[i] < v.in[i] ? v.stride[i] : v.in[i];
	int64_t parts = starts[0] * starts[1] * starts[2];
	pf_part *part = call->alloc(call, (size_t)parts * sizeof *part);
	pf_tap *tap = call->alloc(call, (size_t)v.taps * sizeof *tap);
	if (!part || !tap) return pf_no_memory;
	for (int64_t p = 0; p < parts; p++) {
		int64_t first[3] = {p / starts[2] / starts[1], p / starts[2] % starts[1], p % starts[2]};
		part[p] = part_at(&v, first, tap);
		tap += part[p].taps; // a tap meets one remainder only
	}
	pf_sweep s = {
		.source = gradient_source(&v), .part = part, .parts = (size_t)parts,
		.images = v.n, .group = v.group, .channels = v.m, .rows = v.c,
		.group_step = v.m * v.c * v.taps, .row_step = v.taps, .channel_step = v.c * v.taps,
		.in_plane = v.out[0] * v.out[1] * v.out[2], .out_plane = v.in[0] * v.in[1] * v.in[2],
		.in = call->in[0].data, .w = call->in[1].data, .out = call->out[0].data,
	};
	return pf_sweep_run(&s, call);
}

const pf_op pf_conv_input_grad = {
	.name = "ConvInputGrad", .inputs = 2, .outputs = 1,
	.state = sizeof(pf_conv_attributes), .create = input_grad_create, .shapes = input_grad_shapes, .compute = input_grad_compute,
};
