// The codec's block formats as types of ggml: what its tables of traits need, in plain C.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "published-type.h"
#include "segment-types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Coordinates of a block of the types without a number behind their name. Heads whose size it does not divide take blocks of 128 or 64,
// which cost 1/16 and 3/16 bits more.
#define INNERLOOP_BLOCK 256

// Bytes of a block: fp16 rms, a scale index of 4 bits for 32 codes, the codes (turboquant/block.h).
#define INNERLOOP_BLOCK_BYTES(bits, block) (2 + (block)/64 + (block)*(bits)/8)

// X(name, bits, block) for each type; the enumeration has it as GGML_TYPE_TQ##name.
#define INNERLOOP_TYPES(X)                                              \
    X(3, 3, 256) X(4, 4, 256) X(5, 5, 256) X(6, 6, 256)                 \
    X(3_128, 3, 128) X(4_128, 4, 128) X(5_128, 5, 128) X(6_128, 6, 128) \
    X(3_64, 3, 64) X(4_64, 4, 64) X(5_64, 5, 64) X(6_64, 6, 64)

#define INNERLOOP_DECLARE_TYPE(name, bits, block)                                                          \
    void innerloop_tq##name##_to_float(const void * x, float * y, int64_t k);                              \
    void innerloop_tq##name##_from_float(const float * x, void * y, int64_t k);                            \
    size_t innerloop_tq##name##_quantize(const float * x, void * y, int64_t rows, int64_t row);            \
    void innerloop_tq##name##_dot_q8_0(int n, float * s, size_t bs, const void * x, size_t bx, const void * y, size_t by, int nrc);
INNERLOOP_TYPES(INNERLOOP_DECLARE_TYPE)

#define INNERLOOP_TRAITS(name, bits, block)                             \
    [GGML_TYPE_TQ##name] = {                                            \
        .type_name      = "tq" #name,                                   \
        .blck_size      = block,                                        \
        .type_size      = INNERLOOP_BLOCK_BYTES(bits, block),           \
        .is_quantized   = true,                                         \
        .to_float       = innerloop_tq##name##_to_float,                \
        .from_float_ref = (ggml_from_float_t) innerloop_tq##name##_from_float, \
    },
#define INNERLOOP_TYPE_TRAITS INNERLOOP_TYPES(INNERLOOP_TRAITS) INNERLOOP_ALL_SEGMENTS_TRAITS INNERLOOP_TQJ_TRAITS

#define INNERLOOP_TRAITS_CPU(name, bits, block)                         \
    [GGML_TYPE_TQ##name] = {                                            \
        .from_float   = innerloop_tq##name##_from_float,                \
        .vec_dot      = innerloop_tq##name##_dot_q8_0,                  \
        .vec_dot_type = GGML_TYPE_Q8_0,                                 \
        .nrows        = 1,                                              \
    },
#define INNERLOOP_TYPE_TRAITS_CPU INNERLOOP_TYPES(INNERLOOP_TRAITS_CPU) INNERLOOP_ALL_SEGMENTS_TRAITS_CPU INNERLOOP_TQJ_TRAITS_CPU

// Inside ggml_quantize_chunk, with its source and target at hand.
#define INNERLOOP_QUANTIZE_CASE(name, bits, block) \
    case GGML_TYPE_TQ##name: result = innerloop_tq##name##_quantize(src + start, (char *) dst + start_row * row_size, nrows, n_per_row); break;
#define INNERLOOP_QUANTIZE_CASES INNERLOOP_TYPES(INNERLOOP_QUANTIZE_CASE) \
    INNERLOOP_ALL_SEGMENTS_QUANTIZE(src + start, (char *) dst + start_row * row_size) \
    INNERLOOP_TQJ_QUANTIZE(src + start, (char *) dst + start_row * row_size)

#ifdef __cplusplus
}
#endif
