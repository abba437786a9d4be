#include "conv_lattice.h"

static int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

void pf_source_valid(const pf_source *s, int axis, int64_t phase, int64_t *from, int64_t *to) {
	int64_t step = s->step[axis], value = phase * s->dilation[axis] % step;
	int64_t before = s->begin[axis] - value; // cells with step·j below this are padding
	*from = before > 0 ? (before + step - 1) / step : 0;
	int64_t end = before + s->in[axis];
	*to = min(s->extent[axis], end > 0 ? (end + step - 1) / step : 0);
	*from = min(*from, *to);
}

// apart is the distance of two rows (or planes of rows) along an axis: what
// is read of one must not run into values of the next.
static int64_t apart(const pf_source *s, int axis) {
	int64_t from = s->extent[axis], to = 0;
	for (int64_t f = 0; f < s->phases[axis]; f++) {
		int64_t a, b;
		pf_source_valid(s, axis, f, &a, &b);
		if (a < b) from = min(from, a), to = max(to, b);
	}
	return max(max(s->extent[axis] - from, to), max(s->most[axis], 1));
}

void pf_source_fix(pf_source *s, int64_t images, int64_t lanes) {
	s->images = images;
	int64_t count = 1;
	s->direct = images == 1;
	for (int i = 0; i < 3; i++) {
		count *= s->in[i];
		s->direct = s->direct && s->phases[i] == 1 && s->step[i] == 1 && s->begin[i] == 0 && s->extent[i] == s->in[i];
	}
	s->direct = s->direct && count % lanes == 0;
	s->pitch[2] = images;
	s->pitch[1] = apart(s, 2) * images;
	s->pitch[0] = apart(s, 1) * s->pitch[1];
	if (s->direct) {
		s->phase_size = s->size = count;
		return;
	}
	// A register may begin at the last cell.
	s->phase_size = images + lanes;
	for (int i = 0; i < 3; i++) s->phase_size += (s->extent[i] - 1) * s->pitch[i];
	s->phase_size = (s->phase_size + lanes - 1) / lanes * lanes;
	s->size = s->phase_size * s->phases[0] * s->phases[1] * s->phases[2];
}

int64_t pf_source_tap(const pf_source *s, const int64_t tap[3]) {
	int64_t phase = 0, offset = 0;
	for (int i = 0; i < 3; i++) {
		phase = phase * s->phases[i] + tap[i] % s->phases[i];
		offset += tap[i] * s->dilation[i] / s->step[i] * s->pitch[i];
	}
	return phase * s->phase_size + offset;
}

// walk goes along the rows of the lattice and puts down registers and pieces.
static void walk(pf_lattice *l, const pf_source *s, int64_t lanes, int write) {
	int64_t images = s->images, at = -lanes, vectors = 0, pieces = 0;
	pf_piece last = {0, 0, 0};
	for (int64_t d = 0; d < l->count[0]; d++) {
		for (int64_t h = 0; h < l->count[1]; h++) {
			int64_t cell = (l->origin[0] + d) * s->pitch[0] + (l->origin[1] + h) * s->pitch[1] + l->origin[2] * images;
			int64_t position = ((l->first[0] + d * l->step[0]) * l->plane[1] + l->first[1] + h * l->step[1]) * l->plane[2] + l->first[2];
			for (int64_t left = l->count[2]; left > 0;) {
				if (cell >= at + lanes) {
					at = cell;
					if (write) l->start[vectors] = (int32_t)at;
					vectors++;
				}
				int64_t n = min(left, (at + lanes - cell) / images);
				int64_t packed = (vectors - 1) * lanes + cell - at;
				if (pieces && last.packed + last.length * images == packed && last.position + last.length * l->step[2] == position) {
					last.length += (int32_t)n;
				} else {
					last = (pf_piece){(int32_t)packed, (int32_t)position, (int32_t)n};
					pieces++;
				}
				if (write) l->piece[pieces - 1] = last;
				left -= n, cell += n * images, position += n * l->step[2];
			}
		}
	}
	l->vectors = (size_t)vectors, l->pieces = (size_t)pieces;
	int64_t plane = l->plane[0] * l->plane[1] * l->plane[2];
	l->dense = images == 1 && pieces == 1 && last.packed == 0 && last.position == 0 && last.length == plane && plane == vectors * lanes && l->step[2] == 1;
}

void pf_lattice_count(pf_lattice *l, const pf_source *s, int64_t lanes) { walk(l, s, lanes, 0); }
void pf_lattice_fill(pf_lattice *l, const pf_source *s, int64_t lanes) { walk(l, s, lanes, 1); }
