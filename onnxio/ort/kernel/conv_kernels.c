#include "conv_kernels.h"

#include <string.h>

#include "level.h"
#include "op.h"

#define PF_SOURCE "conv_source.h"
#include "levels.h"
#undef PF_SOURCE

const pf_conv_kernels *pf_conv_kernels_best(void) { return PF_BEST(&conv_kernels); }
