#include <string.h>

#include "conv.h"

typedef struct sweep_job {
	const pf_sweep *s;
	const pf_conv_kernels *k;
	pf_slots slots;
	int gaps;            // some positions are met by no tap
	size_t cells;        // floats of a slot before the packed output
	size_t groups;       // of images
	size_t shares, cuts; // tasks: shares of the images, and cuts of the rows
} sweep_job;

static size_t blocks_of(const sweep_job *j) { return pf_conv_blocks(j->k, (size_t)j->s->rows); }

static void sweep_part(const sweep_job *j, const pf_part *p, const float *base, float *packed, int64_t image, int64_t g, size_t from, size_t to) {
	const pf_sweep *s = j->s;
	const pf_lattice *l = &p->lattice;
	size_t terms = (size_t)s->channels * p->taps, pitch = l->vectors * (size_t)j->k->lanes;
	float *y = s->out + (image * s->group + g) * s->rows * s->out_plane;
	j->k->correlate(&(pf_correlation){
		.base = base, .offset = p->offset, .start = l->start, .terms = terms, .vectors = l->vectors,
		.w = p->w + (size_t)(g * s->rows) * terms, .bias = s->bias ? s->bias + g * s->rows : NULL,
		.rows = (size_t)s->rows, .from = from, .to = to,
		.out = l->dense ? y : packed, .pitch = pitch,
	});
	if (l->dense) return;
	size_t first = pf_share((size_t)s->rows, from, blocks_of(j)), last = pf_share((size_t)s->rows, to, blocks_of(j));
	pf_images images = {s->group * s->rows * s->out_plane, s->images - image};
	if (images.count > s->source.images) images.count = s->source.images;
	for (size_t row = first; row < last; row++)
		j->k->unpack(l, packed + row * pitch, s->source.images, y + (int64_t)row * s->out_plane, images);
}

// sweep_clear sets the rows of some blocks to zero.
static void sweep_clear(const sweep_job *j, int64_t image, int64_t g, size_t from, size_t to) {
	const pf_sweep *s = j->s;
	size_t first = pf_share((size_t)s->rows, from, blocks_of(j)), last = pf_share((size_t)s->rows, to, blocks_of(j));
	for (int64_t end = image + s->source.images; image < end && image < s->images; image++) {
		float *y = s->out + ((image * s->group + g) * s->rows + (int64_t)first) * s->out_plane;
		memset(y, 0, (last - first) * (size_t)s->out_plane * sizeof(float));
	}
}

static void sweep_task(void *arg, size_t i) {
	sweep_job *j = arg;
	const pf_sweep *s = j->s;
	size_t share = i / j->cuts, cut = i % j->cuts, blocks = blocks_of(j);
	size_t units = (size_t)s->group * blocks, from = pf_share(units, cut, j->cuts), to = pf_share(units, cut + 1, j->cuts);
	float *cells = pf_slots_take(&j->slots), *packed = cells + j->cells;
	memset(cells, 0, j->cells * sizeof(float));
	for (size_t group = pf_share(j->groups, share, j->shares); group < pf_share(j->groups, share + 1, j->shares); group++) {
		int64_t image = (int64_t)group * s->source.images;
		pf_images images = {s->group * s->channels * s->in_plane, s->images - image};
		if (images.count > s->source.images) images.count = s->source.images;
		for (size_t unit = from; unit < to;) {
			int64_t g = (int64_t)(unit / blocks);
			size_t first = unit % blocks, last = to - (size_t)g * blocks < blocks ? to - (size_t)g * blocks : blocks;
			const float *x = s->in + (image * s->group + g) * s->channels * s->in_plane;
			if (!s->source.direct) j->k->spread(&s->source, x, s->channels, images, cells, s->source.size);
			if (j->gaps) sweep_clear(j, image, g, first, last);
			for (size_t p = 0; p < s->parts; p++)
				if (s->part[p].taps > 0) sweep_part(j, &s->part[p], s->source.direct ? x : cells, packed, image, g, first, last);
			unit += last - first;
		}
	}
	pf_slots_give(&j->slots, cells);
}

// pack_weights lays a part's weights out as the kernels read them.
static void pack_weights(const pf_sweep *s, const pf_part *p, size_t blocks) {
	float *to = p->w;
	for (int64_t g = 0; g < s->group; g++) {
		const float *w = s->w + g * s->group_step;
		for (size_t b = 0; b < blocks; b++) {
			size_t from = pf_share((size_t)s->rows, b, blocks), end = pf_share((size_t)s->rows, b + 1, blocks);
			for (int64_t c = 0; c < s->channels; c++)
				for (size_t t = 0; t < p->taps; t++)
					for (size_t row = from; row < end; row++) *to++ = w[(int64_t)row * s->row_step + c * s->channel_step + p->tap[t].weight];
		}
	}
}

// prepare fills the tables of all parts.
static const char *prepare(pf_sweep *s, pf_call *call, const pf_conv_kernels *k) {
	size_t ints = 0, floats = 0;
	for (size_t p = 0; p < s->parts; p++) {
		pf_part *part = &s->part[p];
		ints += (size_t)s->channels * part->taps + part->lattice.vectors + 3 * part->lattice.pieces;
		floats += (size_t)(s->group * s->rows * s->channels) * part->taps;
	}
	int32_t *table = call->alloc(call, (ints + 1) * sizeof *table);
	float *w = call->alloc(call, (floats + 1) * sizeof *w);
	if (!table || !w) return pf_no_memory;
	for (size_t p = 0; p < s->parts; p++) {
		pf_part *part = &s->part[p];
		pf_lattice *l = &part->lattice;
		l->start = table, table += l->vectors;
		l->piece = (pf_piece *)table, table += 3 * l->pieces;
		pf_lattice_fill(l, &s->source, k->lanes);
		part->offset = table;
		for (int64_t c = 0; c < s->channels; c++)
			for (size_t t = 0; t < part->taps; t++) *table++ = (int32_t)(c * s->source.size + pf_source_tap(&s->source, part->tap[t].at));
		part->w = w, w += (size_t)(s->group * s->rows * s->channels) * part->taps;
		pack_weights(s, part, pf_conv_blocks(k, (size_t)s->rows));
	}
	return NULL;
}

const char *pf_sweep_run(pf_sweep *s, pf_call *call) {
	sweep_job j = {.s = s, .k = pf_conv_kernels_best()};
	if (s->images * s->rows * s->out_plane == 0) return NULL;
	pf_choose_images(&s->source, s->part, s->parts, s->images, s->channels * s->in_plane + s->rows * s->out_plane, s->channels * s->rows, j.k->lanes);
	if (s->channels * s->source.size > INT32_MAX || s->out_plane > INT32_MAX) return pf_too_large;
	const char *wrong = prepare(s, call, j.k);
	if (wrong) return wrong;
	size_t packed = 0;
	for (size_t p = 0; p < s->parts; p++) {
		j.gaps = j.gaps || s->part[p].taps == 0;
		const pf_lattice *l = &s->part[p].lattice;
		if (!l->dense && l->vectors > packed) packed = l->vectors;
	}
	j.cells = s->source.direct ? 0 : (size_t)(s->channels * s->source.size);
	wrong = pf_slots_make(&j.slots, call, (j.cells + packed * (size_t)(j.k->lanes * s->rows)) * sizeof(float));
	if (wrong) return wrong;
	size_t tasks = 4 * call->pool.threads, units = (size_t)s->group * blocks_of(&j);
	j.groups = (size_t)((s->images + s->source.images - 1) / s->source.images);
	j.shares = j.groups < tasks ? j.groups : tasks;
	j.cuts = j.groups < call->pool.threads ? tasks / j.groups : 1;
	if (j.cuts > units) j.cuts = units;
	call->pool.run(&call->pool, sweep_task, j.shares * j.cuts, &j);
	return NULL;
}
