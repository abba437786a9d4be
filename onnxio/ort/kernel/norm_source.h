// The inner loops over planes. Sums are of float32 within a stretch of a
// plane, by lanes, and of float64 beyond it.

typedef float PF_AT(norm_floats) __attribute__((vector_size(4 * PF_LANES), aligned(4), may_alias));
typedef int PF_AT(norm_ints) __attribute__((vector_size(4 * PF_LANES), aligned(4), may_alias));
#define V PF_AT(norm_floats)
#define I PF_AT(norm_ints)
#define STRETCH (64 * PF_LANES)

static inline V PF_AT(norm_all)(float f) { return f - (V){0}; }

// What there is at x; nothing of a tensor that is not given.
static inline __attribute__((always_inline)) V PF_AT(norm_load)(const float *x, int given) {
	if (!given) return (V){0};
	return *(const V *)x;
}

// The last elements of a plane, fewer than a register's, and something else
// in the other lanes.
static inline __attribute__((always_inline)) V PF_AT(norm_few)(const float *x, size_t n, float other, int given) {
	V v = PF_AT(norm_all)(other);
	if (given)
		for (size_t i = 0; i < n; i++) v[i] = x[i];
	return v;
}

static inline void PF_AT(norm_put)(float *y, size_t n, V v) {
	for (size_t i = 0; i < n; i++) y[i] = v[i];
}

static inline void PF_AT(norm_gather)(double *sum, V v) {
	for (size_t i = 0; i < PF_LANES; i++) sum[i] += v[i];
}

static inline double PF_AT(norm_total)(const double *sum) {
	double t = 0;
	for (size_t i = 0; i < PF_LANES; i++) t += sum[i];
	return t;
}

// Adds up x − center, or its squares.
static inline __attribute__((always_inline)) void PF_AT(norm_moment)(const float *x, size_t n, float center, int square, double *sum) {
	V m = PF_AT(norm_all)(center);
	while (n > 0) {
		V a = {0}, b = {0}, c = {0}, d = {0};
		size_t k = n < STRETCH ? n : STRETCH, i = 0;
#define PF_TERM(to, load) { V v = (load) - m; if (square) v *= v; to += v; }
		for (; i + 4 * PF_LANES <= k; i += 4 * PF_LANES) {
			PF_TERM(a, *(const V *)(x + i))
			PF_TERM(b, *(const V *)(x + i + PF_LANES))
			PF_TERM(c, *(const V *)(x + i + 2 * PF_LANES))
			PF_TERM(d, *(const V *)(x + i + 3 * PF_LANES))
		}
		for (; i + PF_LANES <= k; i += PF_LANES) PF_TERM(a, *(const V *)(x + i))
		if (i < k) PF_TERM(b, PF_AT(norm_few)(x + i, k - i, center, 1))
#undef PF_TERM
		PF_AT(norm_gather)(sum, (a + b) + (c + d));
		x += k;
		n -= k;
	}
}

static inline __attribute__((always_inline)) V PF_AT(norm_value)(V x, V residual, V m, V a, V b, int add, int relu) {
	V v = (x - m) * a + b;
	if (add) v += residual;
	if (relu) v = (V)((I)v & ~(v < (V){0})); // NaN stays
	return v;
}

static inline __attribute__((always_inline)) void PF_AT(norm_apply)(const float *x, const float *residual, float *y, size_t n,
                                                                  float center, float scale, float bias, int add, int relu) {
	V m = PF_AT(norm_all)(center), a = PF_AT(norm_all)(scale), b = PF_AT(norm_all)(bias);
	size_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES)
		*(V *)(y + i) = PF_AT(norm_value)(*(const V *)(x + i), PF_AT(norm_load)(residual + i, add), m, a, b, add, relu);
	if (i < n)
		PF_AT(norm_put)(y + i, n - i, PF_AT(norm_value)(PF_AT(norm_few)(x + i, n - i, 0, 1), PF_AT(norm_few)(residual + i, n - i, 0, add), m, a, b, add, relu));
}

static void PF_AT(norm_forward)(pf_norm *p) {
	double sums[PF_NORM_CHANNELS][PF_LANES] = {{0}};
	double count = (double)p->images * (double)p->size;
	for (size_t i = 0; i < p->images; i++)
		for (size_t c = 0; c < p->channels; c++) PF_AT(norm_moment)(p->x + i * p->stride + c * p->size, p->size, 0, 0, sums[c]);
	for (size_t c = 0; c < p->channels; c++) {
		p->mean[c] = PF_AT(norm_total)(sums[c]) / count;
		p->center[c] = (float)p->mean[c];
		for (size_t k = 0; k < PF_LANES; k++) sums[c][k] = 0;
	}
	for (size_t i = 0; i < p->images; i++)
		for (size_t c = 0; c < p->channels; c++) PF_AT(norm_moment)(p->x + i * p->stride + c * p->size, p->size, p->center[c], 1, sums[c]);
	float factor[PF_NORM_CHANNELS];
	for (size_t c = 0; c < p->channels; c++) {
		double off = p->mean[c] - p->center[c];
		p->variance[c] = PF_AT(norm_total)(sums[c]) / count - off * off;
		// One that float32 does not hold must not pass for a deviation of
		// infinity, which would make plain zeros of what diverged.
		double inverse = p->variance[c] <= FLT_MAX ? 1 / sqrt(p->variance[c] + p->epsilon) : NAN;
		p->inverse[c] = (float)inverse;
		factor[c] = (float)(p->scale[c] * inverse);
	}
	for (size_t i = 0; i < p->images; i++)
		for (size_t c = 0; c < p->channels; c++) {
			size_t at = i * p->stride + c * p->size;
			const float *x = p->x + at, *r = p->residual ? p->residual + at : NULL;
#define PF_APPLY(add, relu) PF_AT(norm_apply)(x, r, p->y + at, p->size, p->center[c], factor[c], p->bias[c], add, relu)
			if (r) p->relu ? PF_APPLY(1, 1) : PF_APPLY(1, 0);
			else p->relu ? PF_APPLY(0, 1) : PF_APPLY(0, 0);
#undef PF_APPLY
		}
}

// dz of one register.
static inline __attribute__((always_inline)) V PF_AT(norm_arriving)(V dy, V dy2, V y, int add, int relu) {
	if (add) dy += dy2;
	if (relu) dy = (V)((I)dy & (y > (V){0}));
	return dy;
}

// Adds up dz and dz·(x − center), and writes dz where it is asked for.
static inline __attribute__((always_inline)) void PF_AT(norm_collect)(const float *x, const float *dy, const float *dy2, const float *y, float *dz,
                                                                    size_t n, float center, double *sum, double *product, int add, int relu, int put) {
	V m = PF_AT(norm_all)(center);
	while (n > 0) {
		V s0 = {0}, s1 = {0}, p0 = {0}, p1 = {0};
		size_t k = n < STRETCH ? n : STRETCH, i = 0;
#define PF_TERM(s, p, i)                                                                                                        \
	{                                                                                                                           \
		V d = PF_AT(norm_arriving)(*(const V *)(dy + (i)), PF_AT(norm_load)(dy2 + (i), add), PF_AT(norm_load)(y + (i), relu), add, relu); \
		s += d;                                                                                                                 \
		p += d * (*(const V *)(x + (i)) - m);                                                                                   \
		if (put) *(V *)(dz + (i)) = d;                                                                                          \
	}
		for (; i + 2 * PF_LANES <= k; i += 2 * PF_LANES) {
			PF_TERM(s0, p0, i)
			PF_TERM(s1, p1, i + PF_LANES)
		}
		for (; i + PF_LANES <= k; i += PF_LANES) PF_TERM(s0, p0, i)
#undef PF_TERM
		if (i < k) {
			V d = PF_AT(norm_arriving)(PF_AT(norm_few)(dy + i, k - i, 0, 1), PF_AT(norm_few)(dy2 + i, k - i, 0, add),
			                          PF_AT(norm_few)(y + i, k - i, 0, relu), add, relu);
			s1 += d;
			p1 += d * (PF_AT(norm_few)(x + i, k - i, center, 1) - m);
			if (put) PF_AT(norm_put)(dz + i, k - i, d);
		}
		PF_AT(norm_gather)(sum, s0 + s1);
		PF_AT(norm_gather)(product, p0 + p1);
		x += k, dy += k, n -= k;
		if (add) dy2 += k;
		if (relu) y += k;
		if (put) dz += k;
	}
}

// dx = a·dz + b·(x − center) + c
static inline void PF_AT(norm_spread)(const float *x, const float *dz, float *dx, size_t n, float center, float a, float b, float c) {
	V vm = PF_AT(norm_all)(center), va = PF_AT(norm_all)(a), vb = PF_AT(norm_all)(b), vc = PF_AT(norm_all)(c);
	size_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES) *(V *)(dx + i) = va * *(const V *)(dz + i) + (vb * (*(const V *)(x + i) - vm) + vc);
	if (i < n)
		PF_AT(norm_put)(dx + i, n - i, va * PF_AT(norm_few)(dz + i, n - i, 0, 1) + (vb * (PF_AT(norm_few)(x + i, n - i, 0, 1) - vm) + vc));
}

static void PF_AT(norm_backward)(pf_norm *p) {
	double sums[PF_NORM_CHANNELS][PF_LANES] = {{0}}, products[PF_NORM_CHANNELS][PF_LANES] = {{0}};
	double count = (double)p->images * (double)p->size;
	int changed = p->dy2 != NULL || p->y != NULL;
	float *dz = p->dz ? p->dz : changed ? p->dx : NULL;
	for (size_t i = 0; i < p->images; i++)
		for (size_t c = 0; c < p->channels; c++) {
			size_t at = i * p->stride + c * p->size;
			const float *x = p->x + at, *dy = p->dy + at;
			const float *dy2 = p->dy2 ? p->dy2 + at : NULL, *y = p->y ? p->y + at : NULL;
#define PF_COLLECT(add, relu, put) PF_AT(norm_collect)(x, dy, dy2, y, put ? dz + at : NULL, p->size, p->center[c], sums[c], products[c], add, relu, put)
			if (!dz) PF_COLLECT(0, 0, 0);
			else if (dy2) y ? PF_COLLECT(1, 1, 1) : PF_COLLECT(1, 0, 1);
			else y ? PF_COLLECT(0, 1, 1) : PF_COLLECT(0, 0, 1);
#undef PF_COLLECT
		}
	float a[PF_NORM_CHANNELS], b[PF_NORM_CHANNELS], k[PF_NORM_CHANNELS];
	for (size_t c = 0; c < p->channels; c++) {
		double sum = PF_AT(norm_total)(sums[c]), product = PF_AT(norm_total)(products[c]), inverse = p->inverse[c];
		double factor = p->scale[c] * inverse;
		p->dscale[c] = (float)(product * inverse);
		p->dbias[c] = (float)sum;
		a[c] = (float)factor;
		b[c] = (float)(-factor * inverse * inverse * product / count);
		k[c] = (float)(-factor * sum / count);
	}
	for (size_t i = 0; i < p->images; i++)
		for (size_t c = 0; c < p->channels; c++) {
			size_t at = i * p->stride + c * p->size;
			PF_AT(norm_spread)(p->x + at, (dz ? dz : p->dy) + at, p->dx + at, p->size, p->center[c], a[c], b[c], k[c]);
		}
}

#undef V
#undef I
#undef STRETCH
