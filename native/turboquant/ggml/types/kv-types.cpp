// The codec's block formats as types of ggml. Attention does not come this way (attention/kv-format.h): these serve writing the
// cache, its copies and shifts, ggml's own attention as the reference, and llama.cpp's tools.
#include "kv-types.h"

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "ggml.h"

#include "turboquant/block.h"

#include <cassert>

namespace {

template <int BITS>
tq_shape shape_of() {
    return { (tq_format) BITS, INNERLOOP_BLOCK, 1 };
}

template <int BITS>
void to_float(const void * x, float * y, int64_t k) {
    assert(k % INNERLOOP_BLOCK == 0);
    tq_reconstruct(shape_of<BITS>(), (const uint8_t *) x, k/INNERLOOP_BLOCK, y);
}

template <int BITS>
void from_float(const float * x, void * y, int64_t k) {
    assert(k % INNERLOOP_BLOCK == 0);
    tq_encode(shape_of<BITS>(), x, k/INNERLOOP_BLOCK, (uint8_t *) y);
}

// Block by block through floats: the reference of attention, never its way.
template <int BITS>
float dot_q8_0(const uint8_t * x, const block_q8_0 * y, int n) {
    float sum = 0;
    for (int at = 0; at < n; at += INNERLOOP_BLOCK) {
        float values[INNERLOOP_BLOCK];
        to_float<BITS>(x + (size_t) at/INNERLOOP_BLOCK*INNERLOOP_BLOCK_BYTES(BITS), values, INNERLOOP_BLOCK);
        for (int i = 0; i < INNERLOOP_BLOCK; i++) {
            const block_q8_0 & block = y[(at + i)/QK8_0];
            sum += values[i]*ggml_fp16_to_fp32(block.d)*block.qs[i % QK8_0];
        }
    }
    return sum;
}

} // namespace

#define INNERLOOP_DEFINE_TYPE(bits)                                                                        \
    void innerloop_tq##bits##_to_float(const void * x, float * y, int64_t k) { to_float<bits>(x, y, k); }  \
    void innerloop_tq##bits##_from_float(const float * x, void * y, int64_t k) { from_float<bits>(x, y, k); } \
    size_t innerloop_tq##bits##_quantize(const float * x, void * y, int64_t rows, int64_t row) {           \
        from_float<bits>(x, y, rows*row);                                                                  \
        return rows*row/INNERLOOP_BLOCK*INNERLOOP_BLOCK_BYTES(bits);                                       \
    }                                                                                                      \
    void innerloop_tq##bits##_dot_q8_0(int n, float * s, size_t, const void * x, size_t, const void * y, size_t, int) { \
        *s = dot_q8_0<bits>((const uint8_t *) x, (const block_q8_0 *) y, n);                               \
    }

INNERLOOP_DEFINE_TYPE(3)
INNERLOOP_DEFINE_TYPE(4)
INNERLOOP_DEFINE_TYPE(5)
INNERLOOP_DEFINE_TYPE(6)
