#include "conv.h"

static const char *ints(const pf_attributes *a, const char *name, int64_t *list, size_t max, size_t *rank, size_t per_axis) {
	size_t n = pf_ints(a, name, list, max);
	if (n == 0) return NULL;
	if (n > max || n % per_axis || (*rank && *rank != n / per_axis)) return "its attributes are not of one rank of 1 to 3";
	*rank = n / per_axis;
	return NULL;
}

// lead moves the values of the axes there are behind those that are missing.
static void lead(int64_t *list, size_t rank, int64_t missing) {
	for (size_t i = 3; i-- > 0;) list[i] = i + rank >= 3 ? list[i + rank - 3] : missing;
}

const char *pf_conv_create(const pf_attributes *a, const char *extent, pf_conv_attributes *s) {
	int64_t pads[6] = {0};
	*s = (pf_conv_attributes){.stride = {1, 1, 1}, .dilation = {1, 1, 1}, .group = pf_int(a, "group", 1)};
	const char *wrong = ints(a, "strides", s->stride, 3, &s->rank, 1);
	if (!wrong) wrong = ints(a, "dilations", s->dilation, 3, &s->rank, 1);
	if (!wrong) wrong = ints(a, "pads", pads, 6, &s->rank, 2);
	if (!wrong && extent) wrong = ints(a, extent, s->extent, 3, &s->rank, 1);
	if (wrong) return wrong;
	if (extent && !s->extent[0]) return "it does not say what extents its output has";
	for (size_t i = 0; i < s->rank; i++) {
		s->begin[i] = pads[i], s->end[i] = pads[s->rank + i];
		if (s->begin[i] < 0 || s->end[i] < 0 || s->stride[i] < 1 || s->dilation[i] < 1 || s->extent[i] < 0) return "an attribute is out of range";
	}
	if (s->group < 1) return "its group is below 1";
	lead(s->stride, s->rank, 1);
	lead(s->dilation, s->rank, 1);
	lead(s->begin, s->rank, 0);
	lead(s->end, s->rank, 0);
	lead(s->extent, s->rank, 1);
	return NULL;
}

const char *pf_conv_set(pf_conv *v, const pf_conv_attributes *a, size_t rank, const int64_t *x, const int64_t *w, const int64_t *y) {
	if (rank < 3 || rank > 5 || (a->rank && a->rank != rank - 2)) return "its inputs are not of the attributes' rank";
	*v = (pf_conv){.n = x ? x[0] : y[0], .group = a->group, .taps = 1};
	int64_t channels = x ? x[1] : w[1] * a->group, rows = w ? w[0] : y[1];
	if (channels % a->group || rows % a->group) return "its channels are no multiple of its group";
	v->c = channels / a->group, v->m = rows / a->group;
	if (x && w && w[1] != v->c) return "its weights are of another number of channels";
	if (y && (y[0] != v->n || y[1] != rows)) return "the output's gradient is of another batch or number of channels";
	for (int i = 0; i < 3; i++) {
		int64_t axis = i + (int64_t)rank - 3; // in the tensors
		v->in[i] = axis < 2 ? 1 : x ? x[axis] : a->extent[i];
		v->kernel[i] = axis < 2 ? 1 : w ? w[axis] : a->extent[i];
		v->stride[i] = a->stride[i], v->dilation[i] = a->dilation[i], v->begin[i] = a->begin[i];
		int64_t span = v->in[i] + a->begin[i] + a->end[i] - (v->kernel[i] - 1) * v->dilation[i] - 1;
		if (span < 0 || v->kernel[i] < 1) return "its kernel is larger than the padded input";
		v->out[i] = span / v->stride[i] + 1;
		if (axis >= 2 && y && y[axis] != v->out[i]) return "the output's gradient does not have the output's extents";
		v->taps *= v->kernel[i];
	}
	return NULL;
}

pf_source pf_conv_source(const pf_conv *v) {
	pf_source s = {0};
	for (int i = 0; i < 3; i++) {
		s.in[i] = v->in[i], s.begin[i] = v->begin[i], s.step[i] = v->stride[i], s.dilation[i] = v->dilation[i];
		s.most[i] = v->out[i];
		s.extent[i] = v->out[i] + (v->kernel[i] - 1) * v->dilation[i] / v->stride[i];
		s.phases[i] = v->kernel[i] < v->stride[i] ? v->kernel[i] : v->stride[i];
	}
	return s;
}

pf_lattice pf_conv_lattice(const pf_conv *v) {
	pf_lattice l = {.step = {1, 1, 1}};
	for (int i = 0; i < 3; i++) l.count[i] = l.plane[i] = v->out[i];
	return l;
}
