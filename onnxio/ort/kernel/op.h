// What an operator is made of. Adding one: a pf_op in a file of its own, and
// its line in the list of register.c.
#ifndef PF_OP_H
#define PF_OP_H

#include <stddef.h>
#include <stdint.h>

enum { PF_MAX_RANK = 8, PF_MAX_INPUTS = 8, PF_MAX_OUTPUTS = 8, PF_MAX_BUFFERS = 8 };

// pf_pool runs tasks 0 … n−1, on any of its threads and in any order, and
// returns when all are done. A result must not depend on the order.
typedef struct pf_pool {
	void (*run)(const struct pf_pool *, void (*task)(void *arg, size_t i), size_t n, void *arg);
	size_t threads;
	void *self;
} pf_pool;

// pf_tensor is an input or output: float32, row-major. The data of one that
// the node leaves out is NULL.
typedef struct pf_tensor {
	float *data;
	size_t rank;
	const int64_t *dims;
} pf_tensor;

typedef struct pf_shape {
	size_t rank;
	int64_t dims[PF_MAX_RANK];
} pf_shape;

// pf_call is one computation of a node. Inputs may be written only where the
// operator works in place, outputs anywhere.
typedef struct pf_call {
	const void *state;
	pf_tensor in[PF_MAX_INPUTS], out[PF_MAX_OUTPUTS];
	pf_pool pool;
	// alloc gives memory that is freed after the call, aligned to 64 bytes
	// and not cleared; NULL when there is none. At most PF_MAX_BUFFERS times
	// a call, and not from a task.
	void *(*alloc)(struct pf_call *, size_t bytes);
} pf_call;

// pf_attributes reads a node's attributes. An absent one is the fallback.
typedef struct pf_attributes pf_attributes;
int64_t pf_int(const pf_attributes *, const char *name, int64_t fallback);
float pf_float(const pf_attributes *, const char *name, float fallback);
// pf_ints copies a list of at most max numbers and returns how many there
// are: 0 for an absent one, more than max for one that does not fit.
size_t pf_ints(const pf_attributes *, const char *name, int64_t *list, size_t max);

// Functions that can fail return what is wrong, which ends up behind the
// node's name, or NULL.
typedef struct pf_op {
	const char *name;
	size_t inputs, optional_inputs;   // the last ones of them are optional
	size_t outputs, optional_outputs; // likewise
	int in_place;                     // output 0 may lie where input 0 does
	size_t state;                     // bytes that create fills, not changed afterwards
	const char *(*create)(const pf_attributes *, void *state); // NULL where there is no state
	const char *(*shapes)(const void *state, const pf_tensor *in, pf_shape *out);
	const char *(*compute)(pf_call *);
} pf_op;

// pf_count is the product of the extents from an axis on.
static inline size_t pf_count(const pf_tensor *t, size_t axis) {
	size_t n = 1;
	for (size_t i = axis; i < t->rank; i++) n *= (size_t)t->dims[i];
	return n;
}

static inline void pf_shape_of(pf_shape *s, const pf_tensor *t) {
	s->rank = t->rank;
	for (size_t i = 0; i < t->rank; i++) s->dims[i] = t->dims[i];
}

static inline int pf_same_shape(const pf_tensor *a, const pf_tensor *b) {
	int same = a->rank == b->rank;
	for (size_t i = 0; same && i < a->rank; i++) same = a->dims[i] == b->dims[i];
	return same;
}

// pf_share is where part i of n equal shares of count begins.
static inline size_t pf_share(size_t count, size_t i, size_t n) { return count / n * i + (count % n < i ? count % n : i); }

#endif
