#include "conv_kernels.h"

#include "level.h"
#include "op.h"

typedef float pf_four __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define PF_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PF_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (PF_AT(indices)){__VA_ARGS__})
#endif

// PF_EACH is a loop that is unrolled whole, so that arrays stay in registers.
#define PF_EACH(i, n) _Pragma("GCC unroll 32") for (int i = 0; i < n; i++)

// PF_PART is how many terms are added up before their sum goes to the others.
#define PF_PART 64

#define PF_SOURCE "conv_source.h"
#include "levels.h"
#undef PF_SOURCE

const pf_conv_kernels *pf_conv_kernels_best(void) { return PF_BEST(&conv_kernels); }
