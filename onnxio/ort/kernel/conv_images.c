#include "conv.h"

// copying is about how many cycles it takes to copy a value between a tensor
// and its layout; a register takes half a cycle for each term.
static double copying(int64_t images) { return images == 1 ? .1 : images == 2 ? .3 : 1.2; }

void pf_choose_images(pf_source *s, pf_part *part, size_t parts, int64_t images, int64_t values, int64_t products, int64_t lanes) {
	double best = 0;
	int64_t chosen = 1;
	for (int64_t n = 1; n <= lanes && n < 2 * images; n *= 2) {
		pf_source_fix(s, n, lanes);
		double cost = (double)(values * n) * copying(n);
		int wide = 1;
		for (size_t p = 0; p < parts; p++) {
			pf_lattice_count(&part[p].lattice, s, lanes);
			cost += (double)part[p].lattice.vectors * (double)products * (double)part[p].taps / 2;
			wide = wide && part[p].lattice.count[2] >= 2 * lanes;
		}
		cost *= (double)((images + n - 1) / n);
		if (n == 1 || cost < best) best = cost, chosen = n;
		if (wide) break;
	}
	pf_source_fix(s, chosen, lanes);
	for (size_t p = 0; p < parts; p++) pf_lattice_count(&part[p].lattice, s, lanes);
}
