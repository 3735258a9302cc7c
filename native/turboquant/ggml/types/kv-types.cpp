// The codec's block formats as types of ggml. Attention does not come this way (attention/kv-format.h): these serve writing the
// cache, its copies and shifts, ggml's own attention as the reference, and llama.cpp's tools.
#include "kv-types.h"

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "ggml.h"

#include "turboquant/block.h"

#include <cassert>

namespace {

template <int BITS, int BLOCK>
tq_shape shape_of() {
    return { (tq_format) BITS, BLOCK, 1 };
}

template <int BITS, int BLOCK>
void to_float(const void * x, float * y, int64_t k) {
    assert(k % BLOCK == 0);
    tq_reconstruct(shape_of<BITS, BLOCK>(), (const uint8_t *) x, k/BLOCK, y);
}

template <int BITS, int BLOCK>
void from_float(const float * x, void * y, int64_t k) {
    assert(k % BLOCK == 0);
    tq_encode(shape_of<BITS, BLOCK>(), x, k/BLOCK, (uint8_t *) y);
}

// Block by block through floats: the reference of attention, never its way.
template <int BITS, int BLOCK>
float dot_q8_0(const uint8_t * x, const block_q8_0 * y, int n) {
    float sum = 0;
    for (int at = 0; at < n; at += BLOCK) {
        float values[BLOCK];
        to_float<BITS, BLOCK>(x + (size_t) at/BLOCK*INNERLOOP_BLOCK_BYTES(BITS, BLOCK), values, BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            const block_q8_0 & block = y[(at + i)/QK8_0];
            sum += values[i]*ggml_fp16_to_fp32(block.d)*block.qs[i % QK8_0];
        }
    }
    return sum;
}

} // namespace

#define INNERLOOP_DEFINE_TYPE(name, bits, block)                                                           \
    void innerloop_tq##name##_to_float(const void * x, float * y, int64_t k) { to_float<bits, block>(x, y, k); } \
    void innerloop_tq##name##_from_float(const float * x, void * y, int64_t k) { from_float<bits, block>(x, y, k); } \
    size_t innerloop_tq##name##_quantize(const float * x, void * y, int64_t rows, int64_t row) {           \
        from_float<bits, block>(x, y, rows*row);                                                           \
        return rows*row/block*INNERLOOP_BLOCK_BYTES(bits, block);                                          \
    }                                                                                                      \
    void innerloop_tq##name##_dot_q8_0(int n, float * s, size_t, const void * x, size_t, const void * y, size_t, int) { \
        *s = dot_q8_0<bits, block>((const uint8_t *) x, (const block_q8_0 *) y, n);                        \
    }

INNERLOOP_TYPES(INNERLOOP_DEFINE_TYPE)
