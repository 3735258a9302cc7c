// Blocks of segments (turboquant/segments.h) as types of ggml, for keys that a transform sorted: what its tables need, in plain C.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Ten times the mean bits of a code: fp16 rms, eight scale indices of 4 bits, 256 codes.
#define INNERLOOP_SEGMENTS_BYTES(tenths) (2 + 4 + 256*(tenths)/80)

#define INNERLOOP_DECLARE_SEGMENTS(tenths)                                                                 \
    void innerloop_tqs##tenths##_to_float(const void * x, float * y, int64_t k);                           \
    void innerloop_tqs##tenths##_from_float(const float * x, void * y, int64_t k);                         \
    size_t innerloop_tqs##tenths##_quantize(const float * x, void * y, int64_t rows, int64_t row);         \
    void innerloop_tqs##tenths##_dot_q8_0(int n, float * s, size_t bs, const void * x, size_t bx, const void * y, size_t by, int nrc);

INNERLOOP_DECLARE_SEGMENTS(35)
INNERLOOP_DECLARE_SEGMENTS(40)
INNERLOOP_DECLARE_SEGMENTS(45)
INNERLOOP_DECLARE_SEGMENTS(50)
INNERLOOP_DECLARE_SEGMENTS(60)

#define INNERLOOP_SEGMENTS_TRAITS(tenths)                               \
    [GGML_TYPE_TQS##tenths] = {                                         \
        .type_name      = "tqs" #tenths,                                \
        .blck_size      = 256,                                          \
        .type_size      = INNERLOOP_SEGMENTS_BYTES(tenths),             \
        .is_quantized   = true,                                         \
        .to_float       = innerloop_tqs##tenths##_to_float,             \
        .from_float_ref = (ggml_from_float_t) innerloop_tqs##tenths##_from_float, \
    },

#define INNERLOOP_SEGMENTS_TRAITS_CPU(tenths)                           \
    [GGML_TYPE_TQS##tenths] = {                                         \
        .from_float   = innerloop_tqs##tenths##_from_float,             \
        .vec_dot      = innerloop_tqs##tenths##_dot_q8_0,               \
        .vec_dot_type = GGML_TYPE_Q8_0,                                 \
        .nrows        = 1,                                              \
    },

#define INNERLOOP_SEGMENTS_QUANTIZE(tenths, from, to) \
    case GGML_TYPE_TQS##tenths: result = innerloop_tqs##tenths##_quantize(from, to, nrows, n_per_row); break;

#define INNERLOOP_ALL_SEGMENTS_TRAITS \
    INNERLOOP_SEGMENTS_TRAITS(35) INNERLOOP_SEGMENTS_TRAITS(40) INNERLOOP_SEGMENTS_TRAITS(45) INNERLOOP_SEGMENTS_TRAITS(50) INNERLOOP_SEGMENTS_TRAITS(60)
#define INNERLOOP_ALL_SEGMENTS_TRAITS_CPU \
    INNERLOOP_SEGMENTS_TRAITS_CPU(35) INNERLOOP_SEGMENTS_TRAITS_CPU(40) INNERLOOP_SEGMENTS_TRAITS_CPU(45) \
    INNERLOOP_SEGMENTS_TRAITS_CPU(50) INNERLOOP_SEGMENTS_TRAITS_CPU(60)
#define INNERLOOP_ALL_SEGMENTS_QUANTIZE(from, to) \
    INNERLOOP_SEGMENTS_QUANTIZE(35, from, to) INNERLOOP_SEGMENTS_QUANTIZE(40, from, to) INNERLOOP_SEGMENTS_QUANTIZE(45, from, to) \
    INNERLOOP_SEGMENTS_QUANTIZE(50, from, to) INNERLOOP_SEGMENTS_QUANTIZE(60, from, to)

#ifdef __cplusplus
}
#endif
