// The two inner loops with the dot product of ARMv8.2: keys against queries, and four tokens' values side by side.
#pragma once

#include "unpack_neon.hpp"

namespace tq {
namespace {

// sum[t][h]: four partial sums of the products of token t's block with the query of head h.
template <int BITS, int HEADS, int TOKENS>
[[gnu::always_inline]] inline void dot_block_neon(const uint8_t* block, size_t row_stride, int size, const int8_t* const* queries,
                                                  int32x4_t (*out)[HEADS]) {
    int32x4_t sum[TOKENS][HEADS];
    for (int t = 0; t < TOKENS; t++) {
        for (int h = 0; h < HEADS; h++) sum[t][h] = vdupq_n_s32(0);
    }
    const int header = header_bytes(size), groups = size / TQ_GROUP;
    const auto unpack = [&](int group, NeonSteps* keys) {
        for (int t = 0; t < TOKENS; t++) {
            const uint8_t* row = block + t * row_stride;
            keys[t] = unpack_neon<BITS>(row + header + group * kGroupBytes<BITS>, Format<BITS>::table(scale_index(row, group)));
        }
    };
    const auto multiply = [&](int group, const NeonSteps* keys) {
#pragma GCC unroll 16
        for (int h = 0; h < HEADS; h++) {
            const int8_t* values = queries[h] + group * TQ_GROUP;
#pragma GCC unroll 2
            for (int half = 0; half < 2; half++) {
                const int8x16_t q = vld1q_s8(values + 16 * half);
                for (int t = 0; t < TOKENS; t++) sum[t][h] = vdotq_s32(sum[t][h], keys[t].half[half], q);
            }
        }
    };
    NeonSteps keys[TOKENS];
    if constexpr (BITS == 6) {
        for (int group = 0; group < groups; group++) {
            unpack(group, keys);
            multiply(group, keys);
        }
    } else {
        // A group ahead: the chain from code to table to product is longer than what the core looks over. Tables of six bits
        // leave no registers for it.
        unpack(0, keys);
        for (int group = 1; group < groups; group++) {
            NeonSteps next[TOKENS];
            unpack(group, next);
            multiply(group - 1, keys);
            for (int t = 0; t < TOKENS; t++) keys[t] = next[t];
        }
        multiply(groups - 1, keys);
    }
    // Unrolled by order: left to itself gcc 12 keeps the sums in memory, and writes them there in every turn of the loop.
#pragma GCC unroll 4
    for (int t = 0; t < TOKENS; t++) {
#pragma GCC unroll 16
        for (int h = 0; h < HEADS; h++) out[t][h] = sum[t][h];
    }
}

// Four tokens a coordinate; words i: coordinates 4i..4i+3, given to store(i, words).
template <typename Store>
[[gnu::always_inline]] inline void interleave_neon(const NeonSteps* tokens, Store store) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        const int8x16_t a = tokens[0].half[half], b = tokens[1].half[half], c = tokens[2].half[half], d = tokens[3].half[half];
        const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(a, b)), high01 = vreinterpretq_s16_s8(vzip2q_s8(a, b));
        const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(c, d)), high23 = vreinterpretq_s16_s8(vzip2q_s8(c, d));
        store(4 * half + 0, vreinterpretq_s8_s16(vzip1q_s16(low01, low23)));
        store(4 * half + 1, vreinterpretq_s8_s16(vzip2q_s16(low01, low23)));
        store(4 * half + 2, vreinterpretq_s8_s16(vzip1q_s16(high01, high23)));
        store(4 * half + 3, vreinterpretq_s8_s16(vzip2q_s16(high01, high23)));
    }
}

}  // namespace
}  // namespace tq
