// Between Go and the operators.
#ifndef PF_REGISTER_H
#define PF_REGISTER_H

#include <stddef.h>

// PF_THREADS is the entry of a session's configuration that says how many
// threads it has.
#define PF_THREADS "prunefuse.threads"

// pf_api is the table of the runtime whose function OrtGetApiBase is given;
// NULL when it is too old.
const void *pf_api(void *get_api_base);

// pf_register adds the operators to a session's options. The error is NULL
// or a message to be freed.
char *pf_register(const void *api, void *session_options, const char *domain);

// pf_op_name is the name of the i-th operator, NULL after the last.
const char *pf_op_name(size_t i);

#endif
