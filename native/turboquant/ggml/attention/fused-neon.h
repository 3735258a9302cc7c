// The codec's blocks with NEON's dot product: the codec's own inner loops, fed and emptied as attention wants it.
#pragma once

#include "fused-queries.h"
#include "innerloop/codec/arch/arm/dot_neon.hpp"
#include "simd.h"

namespace innerloop {
namespace {

// Tokens that share the loads of a query: more would not leave their sums in registers.
constexpr int PAIR = 2;

inline int32x4_t sum_lanes(const int32x4_t * x) { return vpaddq_s32(vpaddq_s32(x[0], x[1]), vpaddq_s32(x[2], x[3])); }

// Two tokens' products with R rows over one block, added to total[token][R / 4].
template <int BITS, int BLOCK, int R>
[[gnu::always_inline]] inline void score_block(const uint8_t * block, size_t stride, const query_rows<R> & queries, int64_t b,
                                               float32x4_t (*total)[R/QUAD]) {
    const int8_t * values[R];
    for (int r = 0; r < R; r++) {
        values[r] = queries.values[r] + b*BLOCK;
    }
    int32x4_t sums[PAIR][R];
    tq::dot_block_neon<BITS, R, PAIR>(block, stride, BLOCK, values, sums);
    for (int t = 0; t < PAIR; t++) {
        const float scale = simd::to_float(*(const ggml_fp16_t *) (block + t*stride));
        for (int r = 0; r < R; r += QUAD) {
            const float32x4_t scales = vmulq_n_f32(vld1q_f32(queries.scales[b] + r), scale);
            total[t][r/QUAD] = vfmaq_f32(total[t][r/QUAD], vcvtq_f32_s32(sum_lanes(sums[t] + r)), scales);
        }
    }
}

// Four tokens' scores by four rows each → four rows of four tokens; `step` vectors between tokens.
inline void store_scores(const float32x4_t * tokens, int64_t step, float * scores, int64_t stride) {
    const float32x4_t a = vtrn1q_f32(tokens[0], tokens[step]), b = vtrn2q_f32(tokens[0], tokens[step]);
    const float32x4_t c = vtrn1q_f32(tokens[2*step], tokens[3*step]), d = vtrn2q_f32(tokens[2*step], tokens[3*step]);
    const auto low = [](float32x4_t x, float32x4_t y) { return vcombine_f32(vget_low_f32(x), vget_low_f32(y)); };
    const auto high = [](float32x4_t x, float32x4_t y) { return vcombine_f32(vget_high_f32(x), vget_high_f32(y)); };
    vst1q_f32(scores, low(a, c));
    vst1q_f32(scores + stride, low(b, d));
    vst1q_f32(scores + 2*stride, high(a, c));
    vst1q_f32(scores + 3*stride, high(b, d));
}

template <int BITS, int BLOCK, int R>
void score_fused(const char * keys, size_t stride, int64_t size, int tokens, const float * floats, float * scores, int64_t score_stride) {
    const int64_t blocks = size/BLOCK;
    const query_rows<R> queries(floats, size, blocks, tq::Format<BITS>::unit);
    for (int first = 0; first < tokens; first += QUAD) {
        float32x4_t total[QUAD][R/QUAD];
        for (auto & token : total) {
            for (auto & four : token) {
                four = vdupq_n_f32(0);
            }
        }
        for (int t = 0; t < QUAD; t += PAIR) {
            const auto * block = (const uint8_t *) keys + (size_t) (first + t)*stride;
            for (int64_t b = 0; b < blocks; b++, block += BLOCK_BYTES<BLOCK, BITS>) {
                score_block<BITS, BLOCK, R>(block, stride, queries, b, total + t);
            }
        }
        for (int r = 0; r < R/QUAD; r++) {
            store_scores(&total[0][r], R/QUAD, scores + r*QUAD*score_stride + first, score_stride);
        }
    }
}

// One group of columns of a tile: words of four tokens, [tokens / 4][TQ_GROUP / 4] registers.
template <int BITS>
void interleave_group(const uint8_t * block, size_t stride, int tokens, int block_size, int group, int8x16_t * words) {
    const int codes = tq::header_bytes(block_size) + group*tq::kGroupBytes<BITS>;
    for (int t = 0; t < tokens; t += QUAD, words += TQ_GROUP/QUAD) {
        tq::NeonSteps steps[QUAD];
        for (int i = 0; i < QUAD; i++) {
            // Weights of what stands behind the last token are zero: any row will do.
            const uint8_t * row = block + (size_t) (t + i < tokens ? t + i : t)*stride;
            steps[i] = tq::unpack_neon<BITS>(row + codes, tq::Format<BITS>::table(tq::scale_index(row, group)));
        }
        tq::interleave_neon(steps, [&](int i, int8x16_t four) { words[i] = four; });
    }
}

// Two rows over one group of columns.
inline void sum_group(int tokens, const int8x16_t * words, const byte_weights * weights, float * sums, int64_t size) {
    constexpr int ROWS = 2, VECTORS = TQ_GROUP/QUAD;
    int32x4_t acc[ROWS][VECTORS];
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < VECTORS; i++) {
            acc[r][i] = vdupq_n_s32(0);
        }
    }
    for (int t = 0; t < tokens; t += QUAD, words += VECTORS) {
        int8x16_t weight[ROWS];
        for (int r = 0; r < ROWS; r++) {
            weight[r] = vreinterpretq_s8_u32(vld1q_dup_u32((const uint32_t *) (weights[r].values + t)));
        }
        for (int i = 0; i < VECTORS; i++) {
            for (int r = 0; r < ROWS; r++) {
                acc[r][i] = vdotq_s32(acc[r][i], words[i], weight[r]);
            }
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 8
        for (int i = 0; i < VECTORS; i++) {
            float * out = sums + r*size + QUAD*i;
            vst1q_f32(out, vfmaq_n_f32(vld1q_f32(out), vcvtq_f32_s32(acc[r][i]), weights[r].unit));
        }
    }
}

template <int BITS, int BLOCK, int R>
void sum_fused(const char * values, size_t stride, int64_t size, int tokens, int max_tokens, const float * weights, float * sums) {
    for (int64_t b = 0; b < size/BLOCK; b++, sums += BLOCK) {
        const uint8_t * block = (const uint8_t *) values + b*BLOCK_BYTES<BLOCK, BITS>;
        const weight_rows<BITS, R> rows(block, stride, tokens, max_tokens, weights);
        int8x16_t words[MOST_TOKENS/QUAD*TQ_GROUP/QUAD];
        for (int group = 0; group < BLOCK/TQ_GROUP; group++) {
            interleave_group<BITS>(block, stride, tokens, BLOCK, group, words);
            for (int r = 0; r < R; r += 2) {
                sum_group(tokens, words, rows.bytes + r, sums + group*TQ_GROUP + r*size, size);
            }
        }
    }
}

} // namespace
} // namespace innerloop
