// Blocks of segments as types of ggml: writing the cache, its copies and shifts, and the reference of attention.
#include "segment-types.h"

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "ggml.h"

#include "turboquant/segments.h"

#include <cassert>

namespace {

template <tq_segments LAYOUT>
void to_float(const void * x, float * y, int64_t k) {
    assert(k % TQS_BLOCK == 0);
    tqs_reconstruct(LAYOUT, (const uint8_t *) x, k/TQS_BLOCK, y);
}

template <tq_segments LAYOUT>
void from_float(const float * x, void * y, int64_t k) {
    assert(k % TQS_BLOCK == 0);
    tqs_encode(LAYOUT, x, k/TQS_BLOCK, (uint8_t *) y);
}

template <tq_segments LAYOUT>
float dot_q8_0(const uint8_t * x, const block_q8_0 * y, int n) {
    float sum = 0;
    for (int at = 0; at < n; at += TQS_BLOCK) {
        float values[TQS_BLOCK];
        tqs_reconstruct(LAYOUT, x + at/TQS_BLOCK*tqs_block_bytes(LAYOUT), 1, values);
        for (int i = 0; i < TQS_BLOCK; i++) {
            const block_q8_0 & block = y[(at + i)/QK8_0];
            sum += values[i]*ggml_fp16_to_fp32(block.d)*block.qs[i % QK8_0];
        }
    }
    return sum;
}

} // namespace

#define INNERLOOP_DEFINE_SEGMENTS(tenths)                                                                                \
    void innerloop_tqs##tenths##_to_float(const void * x, float * y, int64_t k) { to_float<TQS_##tenths>(x, y, k); }       \
    void innerloop_tqs##tenths##_from_float(const float * x, void * y, int64_t k) { from_float<TQS_##tenths>(x, y, k); }   \
    size_t innerloop_tqs##tenths##_quantize(const float * x, void * y, int64_t rows, int64_t row) {                      \
        from_float<TQS_##tenths>(x, y, rows*row);                                                                        \
        return rows*row/TQS_BLOCK*INNERLOOP_SEGMENTS_BYTES(tenths);                                                      \
    }                                                                                                                    \
    void innerloop_tqs##tenths##_dot_q8_0(int n, float * s, size_t, const void * x, size_t, const void * y, size_t, int) { \
        *s = dot_q8_0<TQS_##tenths>((const uint8_t *) x, (const block_q8_0 *) y, n);                                      \
    }

INNERLOOP_DEFINE_SEGMENTS(35)
INNERLOOP_DEFINE_SEGMENTS(40)
INNERLOOP_DEFINE_SEGMENTS(45)
INNERLOOP_DEFINE_SEGMENTS(50)
INNERLOOP_DEFINE_SEGMENTS(60)
