// Puts the operators behind the runtime's interface for custom ones.
#include "register.h"

#include <stdlib.h>
#include <string.h>

#include "op.h"
#include "ops.h"
#include "ort_abi.h"

static const pf_op *const operators[] = {
	&pf_conv_forward, &pf_conv_input_grad, &pf_conv_weight_grad, &pf_norm_forward, &pf_norm_grad, &pf_relu_grad, &pf_sum,
};
enum { OPERATORS = sizeof operators / sizeof operators[0] };

// custom is what the runtime holds of an operator.
typedef struct custom {
	pf_ort_custom_op base; // first: the runtime gives back a pointer to it
	const pf_op *op;
} custom;

// kernel is what it holds of a node.
typedef struct kernel {
	const pf_ort_api *api;
	const pf_op *op;
	OrtAllocator *allocator;
	size_t threads;
	void *state;
} kernel;

struct pf_attributes {
	const pf_ort_api *api;
	const OrtKernelInfo *info;
};

// absent reads the answer to a question for an attribute.
static int absent(const pf_ort_api *api, OrtStatus *s) {
	if (s == NULL) return 0;
	PF_ORT(api, ReleaseStatus)(s);
	return 1;
}

int64_t pf_int(const pf_attributes *a, const char *name, int64_t fallback) {
	int64_t v;
	return absent(a->api, PF_ORT(a->api, KernelInfoGetAttribute_int64)(a->info, name, &v)) ? fallback : v;
}

float pf_float(const pf_attributes *a, const char *name, float fallback) {
	float v;
	return absent(a->api, PF_ORT(a->api, KernelInfoGetAttribute_float)(a->info, name, &v)) ? fallback : v;
}

size_t pf_ints(const pf_attributes *a, const char *name, int64_t *list, size_t max) {
	size_t n = 0;
	if (absent(a->api, PF_ORT(a->api, KernelInfoGetAttributeArray_int64)(a->info, name, NULL, &n))) return 0;
	if (n > max || n == 0) return n;
	return absent(a->api, PF_ORT(a->api, KernelInfoGetAttributeArray_int64)(a->info, name, list, &n)) ? 0 : n;
}

// failure is a status that says what is wrong; NULL where nothing is.
static OrtStatus *failure(const pf_ort_api *api, const char *message) {
	return message == NULL ? NULL : PF_ORT(api, CreateStatus)(PF_ORT_FAIL, message);
}

static void PF_ORT_CALL kernel_destroy(void *p) {
	kernel *k = p;
	if (k->allocator != NULL) PF_ORT(k->api, ReleaseAllocator)(k->allocator);
	free(k->state);
	free(k);
}

// threads_of is the number of threads that the session's configuration says
// it has; 1 where it does not.
static size_t threads_of(const pf_ort_api *api, const OrtKernelInfo *info) {
	OrtKeyValuePairs *entries = NULL;
	if (absent(api, PF_ORT(api, KernelInfo_GetConfigEntries)(info, &entries))) return 1;
	const char *v = PF_ORT(api, GetKeyValue)(entries, PF_THREADS);
	long n = v == NULL ? 1 : strtol(v, NULL, 10);
	PF_ORT(api, ReleaseKeyValuePairs)(entries);
	return n < 1 ? 1 : (size_t)n;
}

static OrtStatus *PF_ORT_CALL kernel_create(const pf_ort_custom_op *base, const pf_ort_api *api, const OrtKernelInfo *info, void **out) {
	const pf_op *op = ((const custom *)base)->op;
	kernel *k = calloc(1, sizeof *k);
	if (k == NULL) return failure(api, "out of memory");
	k->api = api;
	k->op = op;
	k->threads = threads_of(api, info);
	OrtStatus *s = PF_ORT(api, KernelInfoGetAllocator)(info, PF_ORT_DEFAULT_MEMORY, &k->allocator);
	if (s == NULL && op->state > 0) {
		pf_attributes attributes = {api, info};
		k->state = calloc(1, op->state);
		s = failure(api, k->state == NULL ? "out of memory" : op->create(&attributes, k->state));
	}
	if (s != NULL) {
		kernel_destroy(k);
		return s;
	}
	*out = k;
	return NULL;
}

// run is a call with what the runtime needs to know of it.
typedef struct run {
	pf_call call; // first: alloc gets a pointer to it
	const kernel *kernel;
	OrtKernelContext *context;
	void *buffers[PF_MAX_BUFFERS];
	size_t buffer_count;
} run;

static void pool_run(const pf_pool *pool, void (*task)(void *, size_t), size_t n, void *arg) {
	const run *r = pool->self;
	if (n < 2 || pool->threads < 2) {
		for (size_t i = 0; i < n; i++) task(arg, i);
		return;
	}
	OrtStatus *s = PF_ORT(r->kernel->api, KernelContext_ParallelFor)(r->context, task, n, 0, arg);
	if (s != NULL) PF_ORT(r->kernel->api, ReleaseStatus)(s); // it gives none where the arguments are there
}

static void *call_alloc(pf_call *c, size_t bytes) {
	run *r = (run *)c;
	void *p = NULL;
	if (r->buffer_count == PF_MAX_BUFFERS || absent(r->kernel->api, PF_ORT(r->kernel->api, AllocatorAlloc)(r->kernel->allocator, bytes, &p))) return NULL;
	r->buffers[r->buffer_count++] = p;
	return p;
}

// tensor takes up a value; one that is NULL is absent.
static OrtStatus *tensor(const pf_ort_api *api, const OrtValue *v, pf_tensor *t) {
	*t = (pf_tensor){0};
	if (v == NULL) return NULL;
	int type;
	OrtStatus *s = PF_ORT(api, GetTensorElementTypeAndShapeDataReference)(v, &type, &t->dims, &t->rank);
	if (s == NULL) s = failure(api, type != PF_ORT_FLOAT ? "it takes float32 alone" : t->rank > PF_MAX_RANK ? "its input has too many axes" : NULL);
	if (s == NULL) s = PF_ORT(api, GetTensorMutableData)((OrtValue *)v, (void **)&t->data);
	return s;
}

static OrtStatus *take_inputs(run *r) {
	OrtStatus *s = NULL;
	for (size_t i = 0; s == NULL && i < r->kernel->op->inputs; i++) {
		const OrtValue *v = NULL;
		s = PF_ORT(r->kernel->api, KernelContext_GetInput)(r->context, i, &v);
		if (s == NULL) s = tensor(r->kernel->api, v, &r->call.in[i]);
	}
	return s;
}

static OrtStatus *make_outputs(run *r) {
	const pf_ort_api *api = r->kernel->api;
	pf_shape shapes[PF_MAX_OUTPUTS];
	OrtStatus *s = failure(api, r->kernel->op->shapes(r->kernel->state, r->call.in, shapes));
	for (size_t i = 0; s == NULL && i < r->kernel->op->outputs; i++) {
		OrtValue *v = NULL;
		s = PF_ORT(api, KernelContext_GetOutput)(r->context, i, shapes[i].dims, shapes[i].rank, &v);
		if (s == NULL) s = tensor(api, v, &r->call.out[i]);
	}
	return s;
}

static OrtStatus *PF_ORT_CALL kernel_compute(void *p, OrtKernelContext *context) {
	const kernel *k = p;
	run r = {.kernel = k, .context = context};
	r.call.state = k->state;
	r.call.alloc = call_alloc;
	r.call.pool = (pf_pool){pool_run, k->threads, &r};
	OrtStatus *s = take_inputs(&r);
	if (s == NULL) s = make_outputs(&r);
	if (s == NULL) s = failure(k->api, k->op->compute(&r.call));
	for (size_t i = 0; i < r.buffer_count; i++) absent(k->api, PF_ORT(k->api, AllocatorFree)(k->allocator, r.buffers[i]));
	return s;
}

static const pf_op *op_of(const pf_ort_custom_op *c) { return ((const custom *)c)->op; }

static const char *PF_ORT_CALL get_name(const pf_ort_custom_op *c) { return op_of(c)->name; }
static const char *PF_ORT_CALL get_provider(const pf_ort_custom_op *c) { return (void)c, NULL; } // the CPU
static int PF_ORT_CALL get_type(const pf_ort_custom_op *c, size_t i) { return (void)c, (void)i, PF_ORT_FLOAT; }
static size_t PF_ORT_CALL get_inputs(const pf_ort_custom_op *c) { return op_of(c)->inputs; }
static size_t PF_ORT_CALL get_outputs(const pf_ort_custom_op *c) { return op_of(c)->outputs; }
static int PF_ORT_CALL get_input_kind(const pf_ort_custom_op *c, size_t i) {
	return i + op_of(c)->optional_inputs >= op_of(c)->inputs ? PF_ORT_OPTIONAL : PF_ORT_REQUIRED;
}
static int PF_ORT_CALL get_output_kind(const pf_ort_custom_op *c, size_t i) {
	return i + op_of(c)->optional_outputs >= op_of(c)->outputs ? PF_ORT_OPTIONAL : PF_ORT_REQUIRED;
}
static int PF_ORT_CALL get_memory(const pf_ort_custom_op *c, size_t i) { return (void)c, (void)i, PF_ORT_DEFAULT_MEMORY; }
static int PF_ORT_CALL get_version(const pf_ort_custom_op *c) { return (void)c, 1; }
static int PF_ORT_CALL none(const pf_ort_custom_op *c) { return (void)c, 0; }

static size_t PF_ORT_CALL first_in_place(int **inputs, int **outputs) {
	*inputs = calloc(1, sizeof(int));
	*outputs = calloc(1, sizeof(int));
	return *inputs != NULL && *outputs != NULL;
}

static void PF_ORT_CALL release_pairs(int *inputs, int *outputs) {
	free(inputs);
	free(outputs);
}

static custom custom_of(const pf_op *op) {
	return (custom){
		.op = op,
		.base = {
			.version = PF_ORT_API_VERSION,
			.GetName = get_name,
			.GetExecutionProviderType = get_provider,
			.GetInputType = get_type,
			.GetInputTypeCount = get_inputs,
			.GetOutputType = get_type,
			.GetOutputTypeCount = get_outputs,
			.KernelDestroy = kernel_destroy,
			.GetInputCharacteristic = get_input_kind,
			.GetOutputCharacteristic = get_output_kind,
			.GetInputMemoryType = get_memory,
			.GetVariadicInputMinArity = none,
			.GetVariadicInputHomogeneity = none,
			.GetVariadicOutputMinArity = none,
			.GetVariadicOutputHomogeneity = none,
			.CreateKernelV2 = kernel_create,
			.KernelComputeV2 = kernel_compute,
			.GetStartVersion = get_version,
			.GetEndVersion = get_version,
			.GetMayInplace = op->in_place ? first_in_place : NULL,
			.ReleaseMayInplace = op->in_place ? release_pairs : NULL,
		},
	};
}

const char *pf_op_name(size_t i) { return i < OPERATORS ? operators[i]->name : NULL; }

const void *pf_api(void *get_api_base) {
	const pf_ort_api_base *base = ((const pf_ort_api_base *(PF_ORT_CALL *)(void))get_api_base)();
	return base == NULL ? NULL : base->GetApi(PF_ORT_API_VERSION);
}

// message copies what a status says and releases it; NULL for no status.
static char *message(const pf_ort_api *api, OrtStatus *s) {
	if (s == NULL) return NULL;
	const char *text = PF_ORT(api, GetErrorMessage)(s);
	char *copy = malloc(strlen(text) + 1);
	if (copy != NULL) strcpy(copy, text);
	PF_ORT(api, ReleaseStatus)(s);
	return copy;
}

// Sessions point to the domain and the operators for as long as they live,
// so the process keeps one of each.
static custom customs[OPERATORS];
static OrtCustomOpDomain *the_domain;

char *pf_register(const void *table, void *session_options, const char *domain) {
	const pf_ort_api *api = table;
	if (the_domain == NULL) {
		OrtCustomOpDomain *d = NULL;
		OrtStatus *s = PF_ORT(api, CreateCustomOpDomain)(domain, &d);
		for (size_t i = 0; s == NULL && i < OPERATORS; i++) {
			customs[i] = custom_of(operators[i]);
			s = PF_ORT(api, CustomOpDomain_Add)(d, &customs[i].base);
		}
		if (s != NULL) return message(api, s);
		the_domain = d;
	}
	return message(api, PF_ORT(api, AddCustomOpDomain)(session_options, the_domain));
}
