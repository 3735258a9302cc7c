// The codec's block formats as types of ggml: what its tables of traits need, in plain C.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "published-type.h"
#include "segment-types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Coordinates of a block, so a head's size is a multiple of it.
#define INNERLOOP_BLOCK 256

// Bytes of a block: fp16 rms, eight scale indices of 4 bits, 256 codes (turboquant/block.h).
#define INNERLOOP_BLOCK_BYTES(bits) (2 + INNERLOOP_BLOCK/64 + INNERLOOP_BLOCK*(bits)/8)

#define INNERLOOP_DECLARE_TYPE(bits)                                                                       \
    void innerloop_tq##bits##_to_float(const void * x, float * y, int64_t k);                              \
    void innerloop_tq##bits##_from_float(const float * x, void * y, int64_t k);                            \
    size_t innerloop_tq##bits##_quantize(const float * x, void * y, int64_t rows, int64_t row);            \
    void innerloop_tq##bits##_dot_q8_0(int n, float * s, size_t bs, const void * x, size_t bx, const void * y, size_t by, int nrc);

INNERLOOP_DECLARE_TYPE(3)
INNERLOOP_DECLARE_TYPE(4)
INNERLOOP_DECLARE_TYPE(5)
INNERLOOP_DECLARE_TYPE(6)

#define INNERLOOP_TRAITS(bits)                                          \
    [GGML_TYPE_TQ##bits] = {                                            \
        .type_name      = "tq" #bits,                                   \
        .blck_size      = INNERLOOP_BLOCK,                              \
        .type_size      = INNERLOOP_BLOCK_BYTES(bits),                  \
        .is_quantized   = true,                                         \
        .to_float       = innerloop_tq##bits##_to_float,                \
        .from_float_ref = (ggml_from_float_t) innerloop_tq##bits##_from_float, \
    },
#define INNERLOOP_TYPE_TRAITS INNERLOOP_TRAITS(3) INNERLOOP_TRAITS(4) INNERLOOP_TRAITS(5) INNERLOOP_TRAITS(6) INNERLOOP_ALL_SEGMENTS_TRAITS INNERLOOP_TQJ_TRAITS

#define INNERLOOP_TRAITS_CPU(bits)                                      \
    [GGML_TYPE_TQ##bits] = {                                            \
        .from_float   = innerloop_tq##bits##_from_float,                \
        .vec_dot      = innerloop_tq##bits##_dot_q8_0,                  \
        .vec_dot_type = GGML_TYPE_Q8_0,                                 \
        .nrows        = 1,                                              \
    },
#define INNERLOOP_TYPE_TRAITS_CPU \
    INNERLOOP_TRAITS_CPU(3) INNERLOOP_TRAITS_CPU(4) INNERLOOP_TRAITS_CPU(5) INNERLOOP_TRAITS_CPU(6) INNERLOOP_ALL_SEGMENTS_TRAITS_CPU INNERLOOP_TQJ_TRAITS_CPU

#define INNERLOOP_QUANTIZE(bits, from, to) \
    case GGML_TYPE_TQ##bits: result = innerloop_tq##bits##_quantize(from, to, nrows, n_per_row); break;
#define INNERLOOP_QUANTIZE_CASES(from, to) \
    INNERLOOP_QUANTIZE(3, from, to) INNERLOOP_QUANTIZE(4, from, to) INNERLOOP_QUANTIZE(5, from, to) INNERLOOP_QUANTIZE(6, from, to) \
    INNERLOOP_ALL_SEGMENTS_QUANTIZE(from, to) INNERLOOP_TQJ_QUANTIZE(from, to)

#ifdef __cplusplus
}
#endif
