typedef float PF_AT(arriving_floats) __attribute__((vector_size(4 * PF_LANES), aligned(4), may_alias));
typedef int PF_AT(arriving_ints) __attribute__((vector_size(4 * PF_LANES), aligned(4), may_alias));

// dx may be dy: what is read is written after.
static inline __attribute__((always_inline)) void PF_AT(arriving_as)(const float *dy, const float *dy2, const float *y, float *dx, size_t n, int add, int relu) {
	typedef PF_AT(arriving_floats) V;
	typedef PF_AT(arriving_ints) I;
	size_t i = 0;
	for (; i + PF_LANES <= n; i += PF_LANES) {
		V d = *(const V *)(dy + i);
		if (add) d += *(const V *)(dy2 + i);
		if (relu) d = (V)((I)d & (*(const V *)(y + i) > (V){0}));
		*(V *)(dx + i) = d;
	}
	for (; i < n; i++) {
		float d = dy[i];
		if (add) d += dy2[i];
		dx[i] = !relu || y[i] > 0 ? d : 0;
	}
}

static void PF_AT(arriving)(const float *dy, const float *dy2, const float *y, float *dx, size_t n) {
	if (dy2 == NULL) PF_AT(arriving_as)(dy, dy2, y, dx, n, 0, 1);
	else if (y == NULL) PF_AT(arriving_as)(dy, dy2, y, dx, n, 1, 0);
	else PF_AT(arriving_as)(dy, dy2, y, dx, n, 1, 1);
}
