#include "level.h"

static int limit = PF_AVX512;

static int best(void) {
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return PF_BASE;
	int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
	return avx512 ? PF_AVX512 : PF_AVX2;
#else
	return PF_BASE;
#endif
}

int pf_level(void) { return best() < limit ? best() : limit; }

void pf_limit_level(int level) { limit = level; }
