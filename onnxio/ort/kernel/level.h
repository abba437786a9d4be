// The instruction sets that computations are compiled for.
#ifndef PF_LEVEL_H
#define PF_LEVEL_H

enum { PF_BASE, PF_AVX2, PF_AVX512 };

// pf_level is the one in use: the best that the processor has, unless
// pf_limit_level asked for less.
int pf_level(void);
void pf_limit_level(int level);

// PF_BEST(f) is the compiled form of a function that PF_AT(f) defined in a
// file that levels.h included.
#if defined(__x86_64__)
#define PF_BEST(f) (pf_level() == PF_AVX512 ? f##_avx512 : pf_level() == PF_AVX2 ? f##_avx2 : f##_base)
#else
#define PF_BEST(f) f##_base
#endif

#endif
