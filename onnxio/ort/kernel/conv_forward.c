// Conv(x, w[, bias]) -> y, as ONNX defines it.
#include "conv.h"
#include "ops.h"

static const char *conv_create(const pf_attributes *a, void *state) { return pf_conv_create(a, NULL, state); }

static const char *conv_set(pf_conv *v, const void *state, const pf_tensor *in) {
	if (in[0].rank != in[1].rank) return "its input and weights have different ranks";
	const char *wrong = pf_conv_set(v, state, in[0].rank, in[0].dims, in[1].dims, NULL);
	if (!wrong && in[2].data && (in[2].rank != 1 || in[2].dims[0] != v->m * v->group)) wrong = "its bias is not one number for each output channel";
	return wrong;
}

static const char *conv_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	pf_conv v;
	const char *wrong = conv_set(&v, state, in);
	if (wrong) return wrong;
	out[0] = (pf_shape){in[0].rank, {v.n, v.m * v.group}};
	for (size_t i = 2; i < in[0].rank; i++) out[0].dims[i] = v.out[i + 3 - in[0].rank];
	return NULL;
}

static const char *conv_compute(pf_call *call) {
	pf_conv v;
	const char *wrong = conv_set(&v, call->state, call->in);
	if (wrong) return wrong;
	pf_part part = {.lattice = pf_conv_lattice(&v), .taps = (size_t)v.taps};
	part.tap = call->alloc(call, part.taps * sizeof *part.tap);
	if (!part.tap) return pf_no_memory;
	for (int64_t t = 0; t < v.taps; t++)
		part.tap[t] = (pf_tap){{t / v.kernel[2] / v.kernel[1], t / v.kernel[2] % v.kernel[1], t % v.kernel[2]}, t};
	pf_sweep s = {
		.source = pf_conv_source(&v), .part = &part, .parts = 1,
		.images = v.n, .group = v.group, .channels = v.c, .rows = v.m,
		.group_step = v.m * v.c * v.taps, .row_step = v.c * v.taps, .channel_step = v.taps,
		.in_plane = v.in[0] * v.in[1] * v.in[2], .out_plane = v.out[0] * v.out[1] * v.out[2],
		.in = call->in[0].data, .w = call->in[1].data, .bias = call->in[2].data, .out = call->out[0].data,
	};
	return pf_sweep_run(&s, call);
}

const pf_op pf_conv_forward = {
	.name = "Conv", .inputs = 3, .optional_inputs = 1, .outputs = 1,
	.state = sizeof(pf_conv_attributes), .create = conv_create, .shapes = conv_shapes, .compute = conv_compute,
};
