// The operators of each file.
#ifndef PF_OPS_H
#define PF_OPS_H

#include "op.h"

extern const pf_op pf_conv_forward, pf_conv_input_grad, pf_conv_weight_grad;
extern const pf_op pf_norm_forward, pf_norm_grad;
extern const pf_op pf_relu_grad, pf_sum;

#endif
