// Gradients on their way:
//
//	ReluGrad(dy, y, dy2?) -> dx: dy + dy2 where y, the output of Relu, is above zero
//	Sum(dy, dy2) -> dx: what arrives on two ways
#include "level.h"
#include "op.h"
#include "ops.h"

#define PF_SOURCE "arriving_source.h"
#include "levels.h"
#undef PF_SOURCE

typedef struct arriving_job {
	void (*part)(const float *dy, const float *dy2, const float *y, float *dx, size_t n);
	const float *dy, *dy2, *y;
	float *dx;
	size_t count, parts;
} arriving_job;

static void arriving_task(void *arg, size_t i) {
	const arriving_job *j = arg;
	size_t from = pf_share(j->count, i, j->parts), n = pf_share(j->count, i + 1, j->parts) - from;
	j->part(j->dy + from, j->dy2 == NULL ? NULL : j->dy2 + from, j->y == NULL ? NULL : j->y + from, j->dx + from, n);
}

static const char *arriving(const pf_call *c, const float *dy2, const float *y) {
	arriving_job j = {PF_BEST(arriving), c->in[0].data, dy2, y, c->out[0].data, pf_count(&c->in[0], 0), 4 * c->pool.threads};
	c->pool.run(&c->pool, arriving_task, j.parts, &j);
	return NULL;
}

static const char *arriving_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	(void)state;
	for (size_t i = 1; i < 3; i++)
		if (in[i].data != NULL && !pf_same_shape(&in[0], &in[i])) return "its inputs have different shapes";
	pf_shape_of(&out[0], &in[0]);
	return NULL;
}

static const char *relu_grad(pf_call *c) { return arriving(c, c->in[2].data, c->in[1].data); }

const pf_op pf_relu_grad = {
	.name = "ReluGrad", .inputs = 3, .optional_inputs = 1, .outputs = 1, .in_place = 1,
	.shapes = arriving_shapes, .compute = relu_grad,
};

static const char *sum(pf_call *c) { return arriving(c, c->in[1].data, NULL); }

const pf_op pf_sum = {
	.name = "Sum", .inputs = 2, .outputs = 1, .in_place = 1,
	.shapes = arriving_shapes, .compute = sum,
};
