// What is used of ONNX Runtime's C API, as of version 24 of it. OrtApi is a
// table of function pointers that only ever grows at its end, so an entry is
// found by its index, and OrtCustomOp a structure that does likewise.
// TestABI compares both with the header of the binding.
#ifndef PF_ORT_ABI_H
#define PF_ORT_ABI_H

#include <stddef.h>
#include <stdint.h>

enum { PF_ORT_API_VERSION = 24 };

#ifdef _WIN32
#define PF_ORT_CALL __stdcall
#else
#define PF_ORT_CALL
#endif

typedef struct OrtAllocator OrtAllocator;
typedef struct OrtCustomOp OrtCustomOp;
typedef struct OrtCustomOpDomain OrtCustomOpDomain;
typedef struct OrtKernelContext OrtKernelContext;
typedef struct OrtKernelInfo OrtKernelInfo;
typedef struct OrtKeyValuePairs OrtKeyValuePairs;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtStatus OrtStatus;
typedef struct OrtValue OrtValue;

// X(index, result, name, arguments)
#define PF_ORT_ENTRIES(X)                                                                        \
	X(0, OrtStatus *, CreateStatus, (int code, const char *message))                             \
	X(2, const char *, GetErrorMessage, (const OrtStatus *))                                     \
	X(26, OrtStatus *, CreateCustomOpDomain, (const char *domain, OrtCustomOpDomain **))         \
	X(27, OrtStatus *, CustomOpDomain_Add, (OrtCustomOpDomain *, const void *custom_op))         \
	X(28, OrtStatus *, AddCustomOpDomain, (OrtSessionOptions *, OrtCustomOpDomain *))            \
	X(51, OrtStatus *, GetTensorMutableData, (OrtValue *, void **))                              \
	X(75, OrtStatus *, AllocatorAlloc, (OrtAllocator *, size_t, void **))                        \
	X(76, OrtStatus *, AllocatorFree, (OrtAllocator *, void *))                                  \
	X(85, OrtStatus *, KernelInfoGetAttribute_float, (const OrtKernelInfo *, const char *name, float *)) \
	X(86, OrtStatus *, KernelInfoGetAttribute_int64, (const OrtKernelInfo *, const char *name, int64_t *)) \
	X(90, OrtStatus *, KernelContext_GetInput, (const OrtKernelContext *, size_t, const OrtValue **)) \
	X(91, OrtStatus *, KernelContext_GetOutput, (OrtKernelContext *, size_t, const int64_t *dims, size_t rank, OrtValue **)) \
	X(93, void, ReleaseStatus, (OrtStatus *))                                                    \
	X(132, void, ReleaseAllocator, (OrtAllocator *))                                             \
	X(163, OrtStatus *, KernelInfoGetAttributeArray_int64, (const OrtKernelInfo *, const char *name, int64_t *, size_t *)) \
	X(274, OrtStatus *, KernelContext_ParallelFor, (const OrtKernelContext *, void (*)(void *, size_t), size_t total, size_t batches, void *)) \
	X(278, OrtStatus *, KernelInfoGetAllocator, (const OrtKernelInfo *, int memory, OrtAllocator **)) \
	X(297, const char *, GetKeyValue, (const OrtKeyValuePairs *, const char *key))               \
	X(300, void, ReleaseKeyValuePairs, (OrtKeyValuePairs *))                                     \
	X(391, OrtStatus *, KernelInfo_GetConfigEntries, (const OrtKernelInfo *, OrtKeyValuePairs **)) \
	X(414, OrtStatus *, GetTensorElementTypeAndShapeDataReference, (const OrtValue *, int *type, const int64_t **dims, size_t *rank))

typedef struct pf_ort_api {
	void (*entry[415])(void);
} pf_ort_api;

#define PF_ORT_ENTRY(index, result, name, arguments)      \
	typedef result(PF_ORT_CALL *pf_ort_##name) arguments; \
	enum { PF_ORT_##name = index };
PF_ORT_ENTRIES(PF_ORT_ENTRY)
#undef PF_ORT_ENTRY

// PF_ORT(api, Name)(arguments…) calls an entry.
#define PF_ORT(api, name) ((pf_ort_##name)(api)->entry[PF_ORT_##name])

typedef struct pf_ort_api_base {
	const pf_ort_api *(PF_ORT_CALL *GetApi)(uint32_t version);
} pf_ort_api_base;

enum { PF_ORT_FAIL = 1, PF_ORT_FLOAT = 1, PF_ORT_REQUIRED = 0, PF_ORT_OPTIONAL = 1, PF_ORT_DEFAULT_MEMORY = 0 };

typedef struct pf_ort_custom_op pf_ort_custom_op;
struct pf_ort_custom_op {
	uint32_t version;
	void *(PF_ORT_CALL *CreateKernel)(const pf_ort_custom_op *, const pf_ort_api *, const OrtKernelInfo *);
	const char *(PF_ORT_CALL *GetName)(const pf_ort_custom_op *);
	const char *(PF_ORT_CALL *GetExecutionProviderType)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetInputType)(const pf_ort_custom_op *, size_t);
	size_t(PF_ORT_CALL *GetInputTypeCount)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetOutputType)(const pf_ort_custom_op *, size_t);
	size_t(PF_ORT_CALL *GetOutputTypeCount)(const pf_ort_custom_op *);
	void(PF_ORT_CALL *KernelCompute)(void *kernel, OrtKernelContext *);
	void(PF_ORT_CALL *KernelDestroy)(void *kernel);
	int(PF_ORT_CALL *GetInputCharacteristic)(const pf_ort_custom_op *, size_t);
	int(PF_ORT_CALL *GetOutputCharacteristic)(const pf_ort_custom_op *, size_t);
	int(PF_ORT_CALL *GetInputMemoryType)(const pf_ort_custom_op *, size_t);
	int(PF_ORT_CALL *GetVariadicInputMinArity)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetVariadicInputHomogeneity)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetVariadicOutputMinArity)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetVariadicOutputHomogeneity)(const pf_ort_custom_op *);
	OrtStatus *(PF_ORT_CALL *CreateKernelV2)(const pf_ort_custom_op *, const pf_ort_api *, const OrtKernelInfo *, void **kernel);
	OrtStatus *(PF_ORT_CALL *KernelComputeV2)(void *kernel, OrtKernelContext *);
	OrtStatus *(PF_ORT_CALL *InferOutputShapeFn)(const pf_ort_custom_op *, void *context);
	int(PF_ORT_CALL *GetStartVersion)(const pf_ort_custom_op *);
	int(PF_ORT_CALL *GetEndVersion)(const pf_ort_custom_op *);
	size_t(PF_ORT_CALL *GetMayInplace)(int **inputs, int **outputs);
	void(PF_ORT_CALL *ReleaseMayInplace)(int *inputs, int *outputs);
	size_t(PF_ORT_CALL *GetAliasMap)(int **inputs, int **outputs);
	void(PF_ORT_CALL *ReleaseAliasMap)(int *inputs, int *outputs);
};

#endif
