// The codec's blocks scored and summed up without being written down unpacked: for a few query rows, as in decoding.

#include "fused-blocks.h"

#include "innerloop/types/kv-types.h"

#if defined(__AVX512VBMI__) && defined(__AVX512BW__) && defined(__AVX512VNNI__)
#include "fused-avx512.h"
#define INNERLOOP_HAS_FUSED 1
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD)
#include "fused-neon.h"
#define INNERLOOP_HAS_FUSED 1
#endif

namespace innerloop {

#ifdef INNERLOOP_HAS_FUSED

namespace {

constexpr int EIGHT = 2*FUSED_ROWS;

template <int BITS, int BLOCK>
void score(const char * keys, size_t stride, int64_t size, int tokens, int rows, const float * queries, float * scores, int64_t score_stride) {
    int r = 0;
    for (; r + EIGHT <= rows; r += EIGHT) {
        score_fused<BITS, BLOCK, EIGHT>(keys, stride, size, tokens, queries + r*int8_query_floats(size), scores + r*score_stride, score_stride);
    }
    for (; r < rows; r += FUSED_ROWS) {
        score_fused<BITS, BLOCK, FUSED_ROWS>(keys, stride, size, tokens, queries + r*int8_query_floats(size), scores + r*score_stride, score_stride);
    }
}

template <int BITS, int BLOCK>
void sum(const char * values, size_t stride, int64_t size, int tokens, int max_tokens, int rows, const float * weights, float * sums) {
    int r = 0;
    for (; r + EIGHT <= rows; r += EIGHT) {
        sum_fused<BITS, BLOCK, EIGHT>(values, stride, size, tokens, max_tokens, weights + r*max_tokens, sums + r*size);
    }
    for (; r < rows; r += FUSED_ROWS) {
        sum_fused<BITS, BLOCK, FUSED_ROWS>(values, stride, size, tokens, max_tokens, weights + r*max_tokens, sums + r*size);
    }
}

} // namespace

#define INNERLOOP_FUSED_CASE(name, bits, block) \
    case GGML_TYPE_TQ##name: return { score<bits, block>, sum<bits, block> };

fused_kernels fused_kernels_of(ggml_type type) {
    switch (type) {
        INNERLOOP_TYPES(INNERLOOP_FUSED_CASE)
        default: return {};
    }
}

#else

fused_kernels fused_kernels_of(ggml_type) {
    return {};
}

#endif

} // namespace innerloop
