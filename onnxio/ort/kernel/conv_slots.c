#include <string.h>

#include "conv.h"

const char pf_no_memory[] = "out of memory";
const char pf_too_large[] = "an image has more values than 32 bits can count";

const char *pf_slots_make(pf_slots *s, pf_call *call, size_t bytes) {
	s->count = call->pool.threads + 1;
	s->bytes = (bytes + 127) / 64 * 64;
	s->memory = call->alloc(call, s->count * s->bytes);
	s->busy = call->alloc(call, s->count * sizeof(int));
	if (!s->memory || !s->busy) return pf_no_memory;
	memset(s->busy, 0, s->count * sizeof(int));
	return NULL;
}

void *pf_slots_take(pf_slots *s) {
	for (size_t i = 0;; i = (i + 1) % s->count)
		if (!__atomic_exchange_n(&s->busy[i], 1, __ATOMIC_ACQUIRE)) return s->memory + i * s->bytes;
}

void pf_slots_give(pf_slots *s, void *slot) {
	__atomic_store_n(&s->busy[((char *)slot - s->memory) / s->bytes], 0, __ATOMIC_RELEASE);
}
