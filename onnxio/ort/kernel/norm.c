// BatchNormalization in training, with what stands around it in a network:
//
//	BatchNormalization(x, scale, bias, mean, variance, residual?; epsilon, momentum, relu)
//	    -> y, mean', variance', batch mean, 1/batch deviation
//	BatchNormalizationGrad(dy, x, scale, batch mean, 1/batch deviation, y?, dy2?)
//	    -> dx, dscale, dbias, dz?
//
// y has the residual added and, with relu, nothing below zero. The running
// statistics mean' and variance' take the batch's at a rate of 1 − momentum,
// the variance by its unbiased estimate. In the gradient dz is what arrives
// behind the normalisation, dy + dy2 where y, the output behind a Relu, is
// above zero.
//
// Bound by memory: a task takes a channel, or as many as make a stretch of
// memory of their planes, through all of its passes, so that what the first
// one read still lies in the second cache for the others.
#include "norm.h"

#include <float.h>
#include <math.h>

#include "level.h"
#include "op.h"
#include "ops.h"

#define PF_SOURCE "norm_source.h"
#include "levels.h"
#undef PF_SOURCE

// Elements of an image that a task takes at least, if so many channels are
// left to each thread.
enum { STRETCH = 512 };

typedef struct norm_state {
	float epsilon, momentum;
	int relu;
} norm_state;

typedef struct norm_job {
	const pf_call *call;
	size_t images, channels, size, together;
	void (*pass)(pf_norm *);
} norm_job;

static norm_job norm_job_of(const pf_call *c, const pf_tensor *x, void (*pass)(pf_norm *)) {
	norm_job j = {c, (size_t)x->dims[0], (size_t)x->dims[1], pf_count(x, 2), 1, pass};
	size_t most = j.channels / (2 * c->pool.threads);
	while (2 * j.together <= PF_NORM_CHANNELS && j.together * j.size < STRETCH && 2 * j.together <= most) j.together *= 2;
	return j;
}

// norm_of is task i of a job, as far as both directions have it in common.
static size_t norm_of(const norm_job *j, size_t i, const float *x, pf_norm *p) {
	size_t first = i * j->together, left = j->channels - first;
	p->images = j->images;
	p->stride = j->channels * j->size;
	p->channels = left < j->together ? left : j->together;
	p->size = j->size;
	p->x = x + first * j->size;
	return first;
}

static void norm_run(const norm_job *j, void (*task)(void *, size_t)) {
	j->call->pool.run(&j->call->pool, task, (j->channels + j->together - 1) / j->together, (void *)j);
}

static const char *norm_create(const pf_attributes *a, void *state) {
	norm_state *s = state;
	s->epsilon = pf_float(a, "epsilon", 1e-5F);
	s->momentum = pf_float(a, "momentum", 0.9F);
	s->relu = pf_int(a, "relu", 0) != 0;
	return NULL;
}

// norm_channels checks that inputs from … to−1 hold a number a channel of x.
static const char *norm_channels(const pf_tensor *in, const pf_tensor *x, size_t from, size_t to) {
	if (x->rank < 2) return "its input has fewer than two axes";
	for (size_t i = from; i < to; i++)
		if (in[i].rank != 1 || in[i].dims[0] != x->dims[1]) return "a vector of it has not one number a channel";
	return NULL;
}

static void norm_vectors(const pf_tensor *x, pf_shape *out, size_t from, size_t to) {
	for (size_t i = from; i < to; i++) out[i] = (pf_shape){1, {x->dims[1]}};
}

static const char *norm_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	(void)state;
	const char *wrong = norm_channels(in, &in[0], 1, 5);
	if (wrong != NULL) return wrong;
	if (in[5].data != NULL && !pf_same_shape(&in[5], &in[0])) return "the residual has another shape than its input";
	pf_shape_of(&out[0], &in[0]);
	norm_vectors(&in[0], out, 1, 5);
	return NULL;
}

static void norm_task(void *arg, size_t i) {
	const norm_job *j = arg;
	const pf_tensor *in = j->call->in, *out = j->call->out;
	const norm_state *s = j->call->state;
	pf_norm p = {.relu = s->relu, .epsilon = s->epsilon};
	size_t first = norm_of(j, i, in[0].data, &p);
	p.residual = in[5].data == NULL ? NULL : in[5].data + first * j->size;
	p.y = out[0].data + first * j->size;
	p.scale = in[1].data + first;
	p.bias = in[2].data + first;
	p.center = out[3].data + first;
	p.inverse = out[4].data + first;
	j->pass(&p);
	double count = (double)j->images * (double)j->size, unbias = count / (count > 1 ? count - 1 : 1), rate = 1 - (double)s->momentum;
	for (size_t c = 0; c < p.channels; c++) {
		double mean = in[3].data[first + c], variance = in[4].data[first + c];
		out[1].data[first + c] = (float)(mean + rate * (p.mean[c] - mean));
		out[2].data[first + c] = (float)(variance + rate * (unbias * p.variance[c] - variance));
	}
}

static const char *norm_compute(pf_call *c) {
	norm_job j = norm_job_of(c, &c->in[0], PF_BEST(norm_forward));
	norm_run(&j, norm_task);
	return NULL;
}

const pf_op pf_norm_forward = {
	.name = "BatchNormalization", .inputs = 6, .optional_inputs = 1, .outputs = 5, .in_place = 1,
	.state = sizeof(norm_state), .create = norm_create, .shapes = norm_shapes, .compute = norm_compute,
};

static const char *norm_grad_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	(void)state;
	const char *wrong = norm_channels(in, &in[1], 2, 5);
	if (wrong != NULL) return wrong;
	for (size_t i = 0; i < 7; i++)
		if ((i == 0 || i > 4) && in[i].data != NULL && !pf_same_shape(&in[i], &in[1])) return "a gradient has another shape than its input";
	pf_shape_of(&out[0], &in[1]);
	norm_vectors(&in[1], out, 1, 3);
	pf_shape_of(&out[3], &in[1]);
	return NULL;
}

static void norm_grad_task(void *arg, size_t i) {
	const norm_job *j = arg;
	const pf_tensor *in = j->call->in, *out = j->call->out;
	pf_norm p = {0};
	size_t first = norm_of(j, i, in[1].data, &p), at = first * j->size;
	p.dy = in[0].data + at;
	p.scale = in[2].data + first;
	p.center = in[3].data + first;
	p.inverse = in[4].data + first;
	p.y = in[5].data == NULL ? NULL : in[5].data + at;
	p.dy2 = in[6].data == NULL ? NULL : in[6].data + at;
	p.dx = out[0].data + at;
	p.dscale = out[1].data + first;
	p.dbias = out[2].data + first;
	p.dz = out[3].data == NULL ? NULL : out[3].data + at;
	j->pass(&p);
}

static const char *norm_grad_compute(pf_call *c) {
	norm_job j = norm_job_of(c, &c->in[1], PF_BEST(norm_backward));
	norm_run(&j, norm_grad_task);
	return NULL;
}

const pf_op pf_norm_grad = {
	.name = "BatchNormalizationGrad", .inputs = 7, .optional_inputs = 2, .outputs = 4, .optional_outputs = 1, .in_place = 1,
	.shapes = norm_grad_shapes, .compute = norm_grad_compute,
};
