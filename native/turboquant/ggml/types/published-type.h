// The codec as the papers describe it, with its residual bit, as one type of ggml: reference speed, to be measured (turboquant/published.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of 256 coordinates: fp16 scale, codes of 3 bits, fp16 norm of the residual, a sign bit each.
#define INNERLOOP_TQJ_BYTES (2 + 256*3/8 + 2 + 256/8)

void innerloop_tqj4_to_float(const void * x, float * y, int64_t k);
void innerloop_tqj4_from_float(const float * x, void * y, int64_t k);
size_t innerloop_tqj4_quantize(const float * x, void * y, int64_t rows, int64_t row);
void innerloop_tqj4_dot_q8_0(int n, float * s, size_t bs, const void * x, size_t bx, const void * y, size_t by, int nrc);

#define INNERLOOP_TQJ_TRAITS                                            \
    [GGML_TYPE_TQJ4] = {                                                \
        .type_name      = "tqj4",                                       \
        .blck_size      = 256,                                          \
        .type_size      = INNERLOOP_TQJ_BYTES,                          \
        .is_quantized   = true,                                         \
        .to_float       = innerloop_tqj4_to_float,                      \
        .from_float_ref = (ggml_from_float_t) innerloop_tqj4_from_float, \
    },

#define INNERLOOP_TQJ_TRAITS_CPU                                        \
    [GGML_TYPE_TQJ4] = {                                                \
        .from_float   = innerloop_tqj4_from_float,                      \
        .vec_dot      = innerloop_tqj4_dot_q8_0,                        \
        .vec_dot_type = GGML_TYPE_Q8_0,                                 \
        .nrows        = 1,                                              \
    },

#define INNERLOOP_TQJ_QUANTIZE(from, to) \
    case GGML_TYPE_TQJ4: result = innerloop_tqj4_quantize(from, to, nrows, n_per_row); break;

#ifdef __cplusplus
}
#endif
