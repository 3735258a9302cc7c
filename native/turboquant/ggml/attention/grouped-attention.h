// Attention on the CPU in which the query heads that share a KV head share the work of reading it: the hooks for ggml.
#pragma once

#include "ggml.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ggml_compute_params;

// Computes GGML_OP_FLASH_ATTN_EXT. False, with nothing done, where ggml has to do it: operands that the kernel does not
// know, the reference mode, or INNERLOOP_ATTENTION=stock in the environment. Every thread gets the same answer.
bool innerloop_attention(const struct ggml_compute_params * params, struct ggml_tensor * dst);

// Bytes that it needs in params->wdata, or 0 where ggml has to do it.
size_t innerloop_attention_work_size(const struct ggml_tensor * dst, int n_tasks);

#ifdef __cplusplus
}
#endif
