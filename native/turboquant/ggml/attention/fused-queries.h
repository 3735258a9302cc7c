// What the fused kernels of all architectures share: query rows and weights, as they read them.
#pragma once

#include "byte-weights.h"
#include "fused-blocks.h"
#include "innerloop/codec/block_format.hpp"
#include "int8-keys.h"

namespace innerloop {

// Tokens whose bytes meet in one word.
constexpr int QUAD = 4;

template <int BLOCK, int BITS>
constexpr int BLOCK_BYTES = tq::block_bytes(BITS, BLOCK);

// R quantized rows: where their bytes lie, and their scales (times `unit`) and offsets, block by block.
template <int R>
struct query_rows {
    const int8_t * values[R];
    float scales[MOST_FUSED_BLOCKS][R];
    int32_t offsets[MOST_FUSED_BLOCKS][R];

    query_rows(const float * floats, int64_t size, int64_t blocks, float unit) {
        for (int r = 0; r < R; r++) {
            const int8_query query(floats + r*int8_query_floats(size), size);
            values[r] = query.values;
            for (int64_t b = 0; b < blocks; b++) {
                scales[b][r] = query.scales[b]*unit;
                offsets[b][r] = query.offsets[b];
            }
        }
    }
};

// R rows' weights for one block of each token, the blocks' scales in them.
template <int BITS, int R>
struct weight_rows {
    byte_weights bytes[R];

    weight_rows(const uint8_t * block, size_t stride, int tokens, int max_tokens, const float * weights) {
        float scales[MOST_TOKENS] = {};
        for (int t = 0; t < tokens; t++) {
            scales[t] = simd::to_float(*(const ggml_fp16_t *) (block + t*stride))*tq::Format<BITS>::unit;
        }
        for (int r = 0; r < R; r++) {
            quantize_weights(max_tokens, weights + r*max_tokens, scales, bytes[r]);
        }
    }
};

} // namespace innerloop
