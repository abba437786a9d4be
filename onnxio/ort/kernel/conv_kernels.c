#include "conv_kernels.h"

#include <string.h>

#include "level.h"
#include "op.h"

typedef float pf_four __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define PF_FOUR(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int pf_four_at __attribute__((vector_size(16)));
#define PF_FOUR(a, b, i, j, k, l) __builtin_shuffle(a, b, (pf_four_at){i, j, k, l})
#endif

#define PF_SOURCE "conv_source.h"
#include "levels.h"
#undef PF_SOURCE

const pf_conv_kernels *pf_conv_kernels_best(void) { return PF_BEST(&conv_kernels); }
