static void PF_AT(relu_grad)(const float *dy, const float *y, float *dx, size_t n) {
	for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}
