// ReluGrad(dy, y) -> dx: dy where y, the output of Relu, is above zero.
#include "level.h"
#include "op.h"
#include "ops.h"

#define PF_SOURCE "relu_source.h"
#include "levels.h"
#undef PF_SOURCE

typedef struct relu_job {
	void (*part)(const float *dy, const float *y, float *dx, size_t n);
	const pf_call *call;
	size_t count, parts;
} relu_job;

static void relu_task(void *arg, size_t i) {
	const relu_job *j = arg;
	size_t from = pf_share(j->count, i, j->parts), to = pf_share(j->count, i + 1, j->parts);
	j->part(j->call->in[0].data + from, j->call->in[1].data + from, j->call->out[0].data + from, to - from);
}

static const char *relu_shapes(const void *state, const pf_tensor *in, pf_shape *out) {
	(void)state;
	if (!pf_same_shape(&in[0], &in[1])) return "its inputs have different shapes";
	pf_shape_of(&out[0], &in[0]);
	return NULL;
}

static const char *relu_compute(pf_call *c) {
	relu_job j = {PF_BEST(relu_grad), c, pf_count(&c->in[0], 0), 4 * c->pool.threads};
	c->pool.run(&c->pool, relu_task, j.parts, &j);
	return NULL;
}

const pf_op pf_relu_grad = {
	.name = "ReluGrad", .inputs = 2, .outputs = 1, .in_place = 1,
	.shapes = relu_shapes, .compute = relu_compute,
};
