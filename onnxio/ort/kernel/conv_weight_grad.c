// ConvWeightGrad(x, dy; kernel_shape) -> dw: the gradient of Conv to its
// weights.
#include <string.h>

#include "conv.h"
#include "ops.h"

static const char *weight_grad_create(const pf_attributes *a, void *state) { return pf_conv_create(a, "kernel_shape", state); }

static const char *weight_grad_set(pf_conv *v, const void *state, const pf_tensor *in) {
	if (in[0].rank != in[1].rank) return "its inputs have different ranks";
	return pf_conv_set(v, state, in[0].rank, in[0].dims, NULL, in[1].dims);
}

static const char *weight_grad_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	pf_conv v;
	const char *wrong = weight_grad_set(&v, state, in);
	if (wrong) return wrong;
	out[0] = (pf_shape){in[0].rank, {v.m * v.group, v.c}};
	for (size_t i = 2; i < in[0].rank; i++) out[0].dims[i] = v.kernel[i + 3 - in[0].rank];
	return NULL;
}

// The images are dealt out in shares, each with a sum of its own, and the rows
// of the weights in cuts. The sums are added in the order of the shares.
typedef struct weight_job {
	pf_conv v;
	pf_source source;
	pf_part part;
	const pf_conv_kernels *k;
	const int32_t *offset, *start, *at;
	const float *x, *dy;
	float *sums; // of all shares
	pf_slots slots;
	size_t groups, shares, cuts;
	size_t at_once;        // groups of images that are taken together
	size_t cells, packed;  // floats of one of them in scratch, where a channel's lie together
	int64_t channel_pitch; // from one channel of x to the next
} weight_job;

enum { AT_ONCE = 128 }; // registers of a row of dy that are summed at a time

static size_t weights(const pf_conv *v) { return (size_t)(v->group * v->m * v->c * v->taps); }

// weight_multiply adds to the sums of some rows of a group what groups of
// images give that are this many registers.
static void weight_multiply(const weight_job *j, pf_product p, size_t registers) {
	size_t parts = (registers + AT_ONCE - 1) / AT_ONCE;
	p.offset = j->offset, p.terms = (size_t)(j->v.c * j->v.taps);
	for (size_t i = 0; i < parts; i++) {
		size_t from = pf_share(registers, i, parts);
		p.start = j->start + from, p.at = j->at + from, p.vectors = pf_share(registers, i + 1, parts) - from;
		j->k->multiply(&p);
	}
}

// weight_images takes count groups of images from the first-th into the sums of
// rows from … to.
static void weight_images(const weight_job *j, size_t first, size_t count, size_t from, size_t to, float *cells, float *sums) {
	const pf_conv *v = &j->v;
	const int64_t interleaved = j->source.images, in = v->in[0] * v->in[1] * v->in[2], out = v->out[0] * v->out[1] * v->out[2];
	const size_t pitch = j->part.lattice.vectors * (size_t)j->k->lanes;
	float *packed = cells + j->at_once * j->cells;
	for (size_t row = from; row < to;) {
		size_t g = row / (size_t)v->m, end = (g + 1) * (size_t)v->m < to ? (g + 1) * (size_t)v->m : to;
		const float *x = j->x + (int64_t)g * v->c * in, *dy = j->dy + (int64_t)row * out;
		const int64_t x_image = v->group * v->c * in, dy_image = v->group * v->m * out;
		for (size_t i = 0; i < count; i++) {
			int64_t image = (int64_t)(first + i) * interleaved;
			int64_t there = v->n - image < interleaved ? v->n - image : interleaved;
			if (!j->source.direct)
				j->k->spread(&j->source, x + image * x_image, v->c, (pf_images){x_image, there}, cells + i * (size_t)j->source.size, j->channel_pitch);
			for (size_t r = row; r < end && !j->part.lattice.dense; r++)
				j->k->pack(&j->part.lattice, dy + image * dy_image + (int64_t)(r - row) * out, interleaved, packed + ((r - row) * j->at_once + i) * pitch, (pf_images){dy_image, there});
		}
		weight_multiply(j, (pf_product){
			.base = j->source.direct ? x + (int64_t)first * x_image : cells,
			.dy = j->part.lattice.dense ? dy + (int64_t)first * dy_image : packed,
			.pitch = j->part.lattice.dense ? (size_t)out : j->at_once * pitch,
			.rows = end - row, .dw = sums + row * (size_t)(v->c * v->taps),
		}, count * j->part.lattice.vectors);
		row = end;
	}
}

static void weight_task(void *arg, size_t i) {
	weight_job *j = arg;
	size_t share = i / j->cuts, cut = i % j->cuts, rows = (size_t)(j->v.group * j->v.m), terms = (size_t)(j->v.c * j->v.taps);
	size_t from = pf_share(rows, cut, j->cuts), to = pf_share(rows, cut + 1, j->cuts);
	float *sums = j->sums + share * weights(&j->v);
	memset(sums + from * terms, 0, (to - from) * terms * sizeof(float));
	float *cells = pf_slots_take(&j->slots);
	memset(cells, 0, j->at_once * (j->cells + j->packed) * sizeof(float));
	size_t first = pf_share(j->groups, share, j->shares), end = pf_share(j->groups, share + 1, j->shares);
	for (; first < end; first += j->at_once)
		weight_images(j, first, end - first < j->at_once ? end - first : j->at_once, from, to, cells, sums);
	pf_slots_give(&j->slots, cells);
}

typedef struct add_job {
	const float *sums;
	float *dw;
	size_t count, shares, parts;
} add_job;

static void add_task(void *arg, size_t i) {
	const add_job *j = arg;
	size_t from = pf_share(j->count, i, j->parts), to = pf_share(j->count, i + 1, j->parts);
	memcpy(j->dw + from, j->sums + from, (to - from) * sizeof(float));
	for (size_t s = 1; s < j->shares; s++)
		for (size_t at = from; at < to; at++) j->dw[at] += j->sums[s * j->count + at];
}

static const char *weight_prepare(weight_job *j, pf_call *call) {
	const pf_conv *v = &j->v;
	pf_lattice *l = &j->part.lattice;
	const int64_t out = v->out[0] * v->out[1] * v->out[2];
	if (v->group * (v->c * j->source.size + v->m * out) > INT32_MAX / (int64_t)j->at_once) return pf_too_large;
	const size_t registers = j->at_once * l->vectors;
	int32_t *table = call->alloc(call, (2 * registers + l->vectors + 3 * l->pieces + (size_t)(v->c * v->taps)) * sizeof *table);
	if (!table) return pf_no_memory;
	l->start = table, table += l->vectors;
	l->piece = (pf_piece *)table, table += 3 * l->pieces;
	pf_lattice_fill(l, &j->source, j->k->lanes);
	j->offset = table;
	for (int64_t c = 0; c < v->c; c++)
		for (int64_t t = 0; t < v->taps; t++)
			*table++ = (int32_t)(c * j->channel_pitch + pf_source_tap(&j->source, (int64_t[3]){t / v->kernel[2] / v->kernel[1], t / v->kernel[2] % v->kernel[1], t % v->kernel[2]}));
	const int64_t x_step = j->source.direct ? v->group * v->c * j->source.size : j->source.size;
	const int64_t dy_step = l->dense ? v->group * v->m * out : (int64_t)l->vectors * j->k->lanes;
	j->start = table, j->at = table + registers;
	for (size_t i = 0; i < registers; i++) {
		size_t image = i / l->vectors, vector = i % l->vectors;
		table[i] = (int32_t)((int64_t)image * x_step) + l->start[vector];
		table[registers + i] = (int32_t)((int64_t)image * dy_step + (int64_t)vector * j->k->lanes);
	}
	return NULL;
}

// Scratch of this much stays in the second cache. Sums of more than this cost
// more to go through than it does to lay x out once more for each cut.
enum { SCRATCH_FLOATS = 1 << 18, SUMS_FLOATS = 1 << 20 };

static void weight_divide(weight_job *j, size_t threads) {
	const pf_conv *v = &j->v;
	j->groups = (size_t)((v->n + j->source.images - 1) / j->source.images);
	j->cells = j->source.direct ? 0 : (size_t)(v->c * j->source.size);
	j->packed = j->part.lattice.dense ? 0 : (size_t)v->m * j->part.lattice.vectors * (size_t)j->k->lanes;
	size_t most = SUMS_FLOATS / weights(v) + 1;
	j->shares = 4 * threads < j->groups ? 4 * threads : j->groups;
	if (j->shares > most) j->shares = most;
	j->cuts = j->shares < 2 * threads ? (2 * threads + j->shares - 1) / j->shares : 1;
	if (j->cuts > (size_t)(v->m * v->group)) j->cuts = (size_t)(v->m * v->group);
	j->at_once = j->part.lattice.vectors < AT_ONCE ? AT_ONCE / j->part.lattice.vectors : 1;
	if (j->cells + j->packed && j->at_once > SCRATCH_FLOATS / (j->cells + j->packed)) j->at_once = SCRATCH_FLOATS / (j->cells + j->packed);
	if (j->at_once < 1) j->at_once = 1;
	j->channel_pitch = j->source.direct ? j->source.size : (int64_t)j->at_once * j->source.size;
}

static const char *weight_grad_compute(pf_call *call) {
	weight_job j = {.k = pf_conv_kernels_best(), .x = call->in[0].data, .dy = call->in[1].data};
	const char *wrong = weight_grad_set(&j.v, call->state, call->in);
	if (wrong) return wrong;
	if (j.v.n * j.v.m * j.v.c == 0) {
		memset(call->out[0].data, 0, weights(&j.v) * sizeof(float));
		return NULL;
	}
	const pf_conv *v = &j.v;
	const int64_t in = v->in[0] * v->in[1] * v->in[2], out = v->out[0] * v->out[1] * v->out[2];
	j.source = pf_conv_source(v), j.part = (pf_part){.lattice = pf_conv_lattice(v), .taps = (size_t)v->taps};
	pf_choose_images(&j.source, &j.part, 1, v->n, v->c * in + v->m * out, v->c * v->m, j.k->lanes);
	weight_divide(&j, call->pool.threads);
	wrong = weight_prepare(&j, call);
	if (wrong) return wrong;
	wrong = pf_slots_make(&j.slots, call, j.at_once * (j.cells + j.packed) * sizeof(float));
	if (wrong) return wrong;
	j.sums = call->alloc(call, j.shares * weights(&j.v) * sizeof(float));
	if (!j.sums) return pf_no_memory;
	call->pool.run(&call->pool, weight_task, j.shares * j.cuts, &j);
	add_job a = {j.sums, call->out[0].data, weights(&j.v), j.shares, call->pool.threads};
	call->pool.run(&call->pool, add_task, a.parts, &a);
	return NULL;
}

const pf_op pf_conv_weight_grad = {
	.name = "ConvWeightGrad", .inputs = 2, .outputs = 1,
	.state = sizeof(pf_conv_attributes), .create = weight_grad_create, .shapes = weight_grad_shapes, .compute = weight_grad_compute,
};
