// Includes the file that PF_SOURCE names once for each instruction set.
// There PF_AT(f) is the name of a function in this compilation and PF_LANES
// how many floats a register holds. No include guard: it is meant to be
// included for several sources.

#define PF_AT(f) PF_JOIN(f, PF_SUFFIX)
#define PF_JOIN(f, suffix) PF_JOIN_(f, suffix)
#define PF_JOIN_(f, suffix) f##suffix

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#endif
#define PF_SUFFIX _avx512
#define PF_LANES 16
#include PF_SOURCE
#undef PF_SUFFIX
#undef PF_LANES
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define PF_SUFFIX _avx2
#define PF_LANES 8
#include PF_SOURCE
#undef PF_SUFFIX
#undef PF_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif

#define PF_SUFFIX _base
#define PF_LANES 4
#include PF_SOURCE
#undef PF_SUFFIX
#undef PF_LANES

#undef PF_AT
#undef PF_JOIN
#undef PF_JOIN_
