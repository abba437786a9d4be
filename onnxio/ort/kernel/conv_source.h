// The inner loops in vector extensions of GCC and Clang, for registers of
// PF_LANES floats: 32 registers of 16, or 16 registers of fewer.

typedef float PF_AT(lanes) __attribute__((vector_size(4 * PF_LANES), aligned(4), may_alias));
typedef int PF_AT(indices) __attribute__((vector_size(4 * PF_LANES)));
#define V PF_AT(lanes)

#if PF_LANES == 16
#define PF_ROWS 8
#define PF_PRODUCT_ROWS 4
#define PF_PRODUCT_TERMS 6
#else
#define PF_ROWS 4
#define PF_PRODUCT_ROWS 3
#define PF_PRODUCT_TERMS 4
#endif

// A tile is M rows by N registers of a correlation, in M·N accumulators: M
// broadcasts and N loads, half of them across cache lines, feed M·N
// multiplications. Long sums are taken in parts, which are added up: rounding
// then grows with the root of a part.
#define PF_TILE(M, N)                                                                              \
	static void PF_AT(tile_##M##_##N)(const pf_correlation *c, const float *w, const float *bias,  \
	                                  const int32_t *start, float *out) {                          \
		const float *at[N];                                                                        \
		PF_EACH(n, N) at[n] = c->base + start[n];                                                  \
		PF_EACH(m, M) PF_EACH(n, N) *(V *)(out + m * c->pitch + n * PF_LANES) = (bias ? bias[m] : 0) - (V){0}; \
		const int32_t *offset = c->offset;                                                         \
		size_t parts = (c->terms + PF_PART - 1) / PF_PART;                                         \
		for (size_t part = 1; part <= parts; part++) {                                             \
			V sum[M][N];                                                                           \
			PF_EACH(m, M) PF_EACH(n, N) sum[m][n] = (V){0};                                        \
			for (const int32_t *end = c->offset + pf_share(c->terms, part, parts); offset < end; offset++, w += M) { \
				V x[N];                                                                            \
				PF_EACH(n, N) x[n] = *(const V *)(at[n] + *offset);                                \
				PF_EACH(m, M) {                                                                    \
					V f = w[m] - (V){0};                                                           \
					PF_EACH(n, N) sum[m][n] += f * x[n];                                           \
				}                                                                                  \
			}                                                                                      \
			PF_EACH(m, M) PF_EACH(n, N) *(V *)(out + m * c->pitch + n * PF_LANES) += sum[m][n];    \
		}                                                                                          \
	}

#define PF_TILES_3(M) PF_TILE(M, 1) PF_TILE(M, 2) PF_TILE(M, 3)
#define PF_TILES_4(M) PF_TILES_3(M) PF_TILE(M, 4)
#define PF_TILES_6(M) PF_TILES_4(M) PF_TILE(M, 5) PF_TILE(M, 6)
#define PF_NAMES_3(M) PF_AT(tile_##M##_1), PF_AT(tile_##M##_2), PF_AT(tile_##M##_3)
#define PF_NAMES_4(M) PF_NAMES_3(M), PF_AT(tile_##M##_4)
#define PF_NAMES_6(M) PF_NAMES_4(M), PF_AT(tile_##M##_5), PF_AT(tile_##M##_6)

PF_TILES_6(1)
PF_TILES_6(2)
#if PF_LANES == 16
PF_TILES_6(3)
PF_TILES_6(4)
PF_TILES_4(5)
PF_TILES_4(6)
PF_TILES_3(7)
PF_TILES_3(8)
#else
PF_TILES_4(3)
PF_TILES_3(4)
#endif

static const struct {
	size_t widest;
	void (*tile[6])(const pf_correlation *, const float *, const float *, const int32_t *, float *);
} PF_AT(tiles)[] = {
	{6, {PF_NAMES_6(1)}}, {6, {PF_NAMES_6(2)}},
#if PF_LANES == 16
	{6, {PF_NAMES_6(3)}}, {6, {PF_NAMES_6(4)}}, {4, {PF_NAMES_4(5)}}, {4, {PF_NAMES_4(6)}}, {3, {PF_NAMES_3(7)}}, {3, {PF_NAMES_3(8)}},
#else
	{4, {PF_NAMES_4(3)}}, {3, {PF_NAMES_3(4)}},
#endif
};

// The rows' blocks are the inner loop: what a tile reads of the input stays in
// the first cache, and weights are read in order from wherever they are.
static void PF_AT(correlate)(const pf_correlation *c) {
	size_t blocks = (c->rows + PF_ROWS - 1) / PF_ROWS;
	size_t widest = PF_AT(tiles)[(c->rows + blocks - 1) / blocks - 1].widest;
	size_t tiles = (c->vectors + widest - 1) / widest;
	for (size_t t = 0; t < tiles; t++) {
		size_t v = pf_share(c->vectors, t, tiles), n = pf_share(c->vectors, t + 1, tiles) - v;
		for (size_t b = c->from; b < c->to; b++) {
			size_t m = pf_share(c->rows, b, blocks), rows = pf_share(c->rows, b + 1, blocks) - m;
			PF_AT(tiles)[rows - 1].tile[n - 1](c, c->w + m * c->terms, c->bias ? c->bias + m : 0, c->start + v,
			                                   c->out + m * c->pitch + v * PF_LANES);
		}
	}
}

#define PF_PICK(i, at) ((i) < 4 ? (i) + (at) : PF_LANES + (i)-4 + (at))
#define PF_FOUR(i, j, k, l, at) PF_PICK(i, at), PF_PICK(j, at), PF_PICK(k, at), PF_PICK(l, at)
// PF_OTHERS is every other value from the first of a on; b begins with the
// last of a, so that nothing behind the last value taken is read. PF_LOWER and
// PF_UPPER are a and b with those values from v.
#if PF_LANES == 16
#define PF_OTHERS(a, b) PF_SHUFFLE(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31)
#define PF_LOWER(v, a) PF_SHUFFLE(v, a, 0, 17, 1, 19, 2, 21, 3, 23, 4, 25, 5, 27, 6, 29, 7, 31)
#define PF_UPPER(v, b) PF_SHUFFLE(v, b, 16, 8, 18, 9, 20, 10, 22, 11, 24, 12, 26, 13, 28, 14, 30, 15)
#define PF_MIX(a, b, i, j, k, l) PF_SHUFFLE(a, b, PF_FOUR(i, j, k, l, 0), PF_FOUR(i, j, k, l, 4), PF_FOUR(i, j, k, l, 8), PF_FOUR(i, j, k, l, 12))
#elif PF_LANES == 8
#define PF_OTHERS(a, b) PF_SHUFFLE(a, b, 0, 2, 4, 6, 9, 11, 13, 15)
#define PF_LOWER(v, a) PF_SHUFFLE(v, a, 0, 9, 1, 11, 2, 13, 3, 15)
#define PF_UPPER(v, b) PF_SHUFFLE(v, b, 8, 4, 10, 5, 12, 6, 14, 7)
#define PF_MIX(a, b, i, j, k, l) PF_SHUFFLE(a, b, PF_FOUR(i, j, k, l, 0), PF_FOUR(i, j, k, l, 4))
#else
#define PF_OTHERS(a, b) PF_SHUFFLE(a, b, 0, 2, 5, 7)
#define PF_LOWER(v, a) PF_SHUFFLE(v, a, 0, 5, 1, 7)
#define PF_UPPER(v, b) PF_SHUFFLE(v, b, 4, 2, 6, 3)
#define PF_MIX(a, b, i, j, k, l) PF_SHUFFLE(a, b, PF_FOUR(i, j, k, l, 0))
#endif

// totals adds up the lanes of four registers: within groups of four lanes,
// which the registers exchange, then over the groups.
static inline __attribute__((always_inline)) void PF_AT(totals)(const V *v, float *total) {
	V a = PF_MIX(v[0], v[1], 0, 4, 1, 5) + PF_MIX(v[0], v[1], 2, 6, 3, 7);
	V b = PF_MIX(v[2], v[3], 0, 4, 1, 5) + PF_MIX(v[2], v[3], 2, 6, 3, 7);
	V c = PF_MIX(a, b, 0, 1, 4, 5) + PF_MIX(a, b, 2, 3, 6, 7);
	pf_four sum = *(const pf_four *)&c;
	for (int i = 1; i < PF_LANES / 4; i++) sum += ((const pf_four *)&c)[i];
	*(pf_four *)total = sum;
}

// A block of a product is M rows by N terms, each an accumulator.
#define PF_BLOCK(M, N)                                                                             \
	static void PF_AT(block_##M##_##N)(const pf_product *p, const float *dy, const int32_t *offset, float *dw) { \
		V sum[(M * N + 3) / 4 * 4];                                                                \
		const float *x[N];                                                                         \
		PF_EACH(n, N) x[n] = p->base + offset[n];                                                  \
		PF_EACH(i, (M * N + 3) / 4 * 4) sum[i] = (V){0};                                           \
		const size_t pitch = p->pitch;                                                             \
		for (const int32_t *start = p->start, *at = p->at, *end = start + p->vectors; start < end; start++, at++) { \
			V f[M];                                                                                \
			PF_EACH(m, M) f[m] = *(const V *)(dy + *at + m * pitch);                               \
			PF_EACH(n, N) {                                                                        \
				V q = *(const V *)(x[n] + *start);                                                 \
				PF_EACH(m, M) sum[m * N + n] += f[m] * q;                                          \
			}                                                                                      \
		}                                                                                          \
		float total[(M * N + 3) / 4 * 4];                                                          \
		PF_EACH(i, (M * N + 3) / 4) PF_AT(totals)(&sum[4 * i], &total[4 * i]);                     \
		PF_EACH(m, M) PF_EACH(n, N) dw[m * p->terms + n] += total[m * N + n];                      \
	}

#define PF_BLOCKS_4(M) PF_BLOCK(M, 1) PF_BLOCK(M, 2) PF_BLOCK(M, 3) PF_BLOCK(M, 4)
#define PF_BLOCK_NAMES_4(M) PF_AT(block_##M##_1), PF_AT(block_##M##_2), PF_AT(block_##M##_3), PF_AT(block_##M##_4)
#if PF_PRODUCT_TERMS == 6
#define PF_BLOCKS(M) PF_BLOCKS_4(M) PF_BLOCK(M, 5) PF_BLOCK(M, 6)
#define PF_BLOCK_NAMES(M) {PF_BLOCK_NAMES_4(M), PF_AT(block_##M##_5), PF_AT(block_##M##_6)}
#else
#define PF_BLOCKS(M) PF_BLOCKS_4(M)
#define PF_BLOCK_NAMES(M) {PF_BLOCK_NAMES_4(M)}
#endif

PF_BLOCKS(1)
PF_BLOCKS(2)
PF_BLOCKS(3)
#if PF_PRODUCT_ROWS == 4
PF_BLOCKS(4)
#endif

static void (*const PF_AT(blocks)[PF_PRODUCT_ROWS][PF_PRODUCT_TERMS])(const pf_product *, const float *, const int32_t *, float *) = {
	PF_BLOCK_NAMES(1), PF_BLOCK_NAMES(2), PF_BLOCK_NAMES(3),
#if PF_PRODUCT_ROWS == 4
	PF_BLOCK_NAMES(4),
#endif
};

static void PF_AT(multiply)(const pf_product *p) {
	size_t rows = (p->rows + PF_PRODUCT_ROWS - 1) / PF_PRODUCT_ROWS, columns = (p->terms + PF_PRODUCT_TERMS - 1) / PF_PRODUCT_TERMS;
	for (size_t r = 0; r < rows; r++) {
		size_t m = pf_share(p->rows, r, rows), height = pf_share(p->rows, r + 1, rows) - m;
		for (size_t c = 0; c < columns; c++) {
			size_t k = pf_share(p->terms, c, columns), width = pf_share(p->terms, c + 1, columns) - k;
			PF_AT(blocks)[height - 1][width - 1](p, p->dy + m * p->pitch, p->offset + k, p->dw + m * p->terms + k);
		}
	}
}

static inline void PF_AT(copy)(float *to, const float *from, int64_t n) {
	int64_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES) *(V *)(to + i) = *(const V *)(from + i);
	for (; i < n; i++) to[i] = from[i];
}

// thin takes every other value.
static inline void PF_AT(thin)(float *to, const float *from, int64_t n) {
	int64_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES)
		*(V *)(to + i) = PF_OTHERS(*(const V *)(from + 2 * i), *(const V *)(from + 2 * i + PF_LANES - 1));
	for (; i < n; i++) to[i] = from[2 * i];
}

// gather puts n values of each image, step apart, one behind the other.
static inline void PF_AT(gather)(const float *x, int64_t step, int64_t n, int64_t images, pf_images from, float *packed) {
	if (images == 1 && step == 1) {
		PF_AT(copy)(packed, x, n);
	} else if (images == 1 && step == 2) {
		PF_AT(thin)(packed, x, n);
	} else if (images == 2 && step == 1 && from.count == 2) {
		const float *y = x + from.step;
		for (int64_t i = 0; i < n; i++) packed[2 * i] = x[i], packed[2 * i + 1] = y[i];
	} else {
		for (int64_t b = 0; b < images; b++)
			for (int64_t i = 0; i < n; i++) packed[i * images + b] = b < from.count ? x[b * from.step + i * step] : 0;
	}
}

// thicken is the inverse of thin; what lies between the values stays.
static inline void PF_AT(thicken)(float *to, const float *from, int64_t n) {
	int64_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES) {
		V v = *(const V *)(from + i), *at = (V *)(to + 2 * i), *behind = (V *)(to + 2 * i + PF_LANES - 1);
		V a = *at, b = *behind; // both before either is written: they share a value
		*at = PF_LOWER(v, a);
		*behind = PF_UPPER(v, b);
	}
	for (; i < n; i++) to[2 * i] = from[i];
}

static inline void PF_AT(scatter)(const float *packed, int64_t step, int64_t n, int64_t images, pf_images to, float *y) {
	if (images == 1 && step == 1) {
		PF_AT(copy)(y, packed, n);
	} else if (images == 1 && step == 2) {
		PF_AT(thicken)(y, packed, n);
	} else if (images == 2 && step == 1 && to.count == 2) {
		float *z = y + to.step;
		for (int64_t i = 0; i < n; i++) y[i] = packed[2 * i], z[i] = packed[2 * i + 1];
	} else {
		for (int64_t b = 0; b < to.count; b++)
			for (int64_t i = 0; i < n; i++) y[b * to.step + i * step] = packed[i * images + b];
	}
}

static void PF_AT(spread)(const pf_source *s, const float *x, int64_t channels, pf_images images, float *cells, int64_t pitch) {
	const int64_t plane = s->in[0] * s->in[1] * s->in[2];
	for (int64_t f = 0; f < s->phases[0] * s->phases[1] * s->phases[2]; f++, cells += s->phase_size) {
		int64_t phase[3] = {f / s->phases[2] / s->phases[1], f / s->phases[2] % s->phases[1], f % s->phases[2]};
		int64_t from[3], to[3], origin[3];
		for (int i = 0; i < 3; i++) {
			pf_source_valid(s, i, phase[i], &from[i], &to[i]);
			origin[i] = phase[i] * s->dilation[i] % s->step[i] - s->begin[i];
		}
		if (from[2] >= to[2]) continue;
		for (int64_t c = 0; c < channels; c++) {
			for (int64_t d = from[0]; d < to[0]; d++) {
				for (int64_t h = from[1]; h < to[1]; h++) {
					int64_t row = ((origin[0] + d * s->step[0]) * s->in[1] + origin[1] + h * s->step[1]) * s->in[2];
					PF_AT(gather)(x + c * plane + row + origin[2] + from[2] * s->step[2], s->step[2], to[2] - from[2], s->images, images,
					              cells + c * pitch + d * s->pitch[0] + h * s->pitch[1] + from[2] * s->images);
				}
			}
		}
	}
}

static void PF_AT(unpack)(const pf_lattice *l, const float *packed, int64_t images, float *y, pf_images to) {
	for (const pf_piece *p = l->piece; p < l->piece + l->pieces; p++)
		PF_AT(scatter)(packed + p->packed, l->step[2], p->length, images, to, y + p->position);
}

static void PF_AT(pack)(const pf_lattice *l, const float *y, int64_t images, float *packed, pf_images from) {
	for (const pf_piece *p = l->piece; p < l->piece + l->pieces; p++)
		PF_AT(gather)(y + p->position, l->step[2], p->length, images, from, packed + p->packed);
}

static const pf_conv_kernels PF_AT(conv_kernels) = {
	PF_LANES, PF_ROWS, PF_AT(correlate), PF_AT(multiply), PF_AT(spread), PF_AT(unpack), PF_AT(pack),
};

#undef V
#undef PF_ROWS
#undef PF_PRODUCT_ROWS
#undef PF_PRODUCT_TERMS
#undef PF_TILE
#undef PF_TILES_3
#undef PF_TILES_4
#undef PF_TILES_6
#undef PF_NAMES_3
#undef PF_NAMES_4
#undef PF_NAMES_6
#undef PF_PICK
#undef PF_FOUR
#undef PF_MIX
#undef PF_OTHERS
#undef PF_LOWER
#undef PF_UPPER
#undef PF_BLOCK
#undef PF_BLOCKS
#undef PF_BLOCKS_4
#undef PF_BLOCK_NAMES
#undef PF_BLOCK_NAMES_4
