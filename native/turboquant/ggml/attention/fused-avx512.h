// The codec's blocks with AVX-512: the same sixteen coordinates of four tokens side by side in a register.
//
// Each token's codes then meet its own table in its own lane, a query's sixteen bytes meet all four tokens in one instruction, and
// sums over lanes are left to a tree over eight rows, once a block: a seventh of the shuffles that turning the keys would take.
#pragma once

#include "fused-queries.h"
#include "innerloop/codec/arch/x86/unpack_avx2.hpp"
#include "simd.h"

#include <cstring>

namespace innerloop {
namespace {

// Bytes that are asked for ahead of those that are read.
constexpr size_t AHEAD = 4096;

// The instruction by name: gcc 12 copies the sums of the intrinsic from register to register, and so runs out of them.
inline __m512i add_products(__m512i sum, __m512i unsigned_bytes, __m512i signed_bytes) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(unsigned_bytes), "v"(signed_bytes));
    return sum;
}

// Coordinates 0 to 15 of a group of four tokens, and 16 to 31.
struct quad_steps {
    __m512i half[2];
};

inline __m512i lanes_of(const void * a, const void * b, const void * c, const void * d) {
    const auto pair = [](const void * first, const void * second) {
        const __m256i one = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) first));
        return _mm256_inserti128_si256(one, _mm_loadu_si128((const __m128i *) second), 1);
    };
    const __m256i low = pair(a, b), high = pair(c, d);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

// Group `group` of a block, whose scale index is read at `index` and whose codes at `codes` bytes into each token's block.
template <int BITS>
[[gnu::always_inline]] inline quad_steps unpack_quad(const uint8_t * const * blocks, int index, int shift, int codes) {
    const int8_t * tables[QUAD];
    for (int t = 0; t < QUAD; t++) {
        // Read twice for two groups: kept, they would take the registers of the rows.
        const uint64_t both = *(const volatile uint8_t *) (blocks[t] + index);
        tables[t] = tq::Format<BITS>::table(both >> shift & 15);
    }
    if constexpr (BITS == 4) {
        const __m512i nibble = _mm512_set1_epi8(15);
        const __m512i packed = lanes_of(blocks[0] + codes, blocks[1] + codes, blocks[2] + codes, blocks[3] + codes);
        const __m512i entries = lanes_of(tables[0], tables[1], tables[2], tables[3]);
        return { { _mm512_shuffle_epi8(entries, _mm512_and_si512(packed, nibble)),
                   _mm512_shuffle_epi8(entries, _mm512_and_si512(_mm512_srli_epi16(packed, 4), nibble)) } };
    } else {
        __m256i steps[QUAD];
        for (int t = 0; t < QUAD; t++) {
            steps[t] = tq::unpack_avx2<BITS>(blocks[t] + codes, tables[t]);
        }
        const __m512i first = _mm512_inserti64x4(_mm512_castsi256_si512(steps[0]), steps[1], 1);
        const __m512i second = _mm512_inserti64x4(_mm512_castsi256_si512(steps[2]), steps[3], 1);
        return { { _mm512_shuffle_i64x2(first, second, 0x88), _mm512_shuffle_i64x2(first, second, 0xdd) } };
    }
}

// The sums of each lane of four registers: word r of lane t is that of x[r]'s lane t.
inline __m512i sum_lanes(const __m512i * x) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(x[0], x[1]), _mm512_unpackhi_epi32(x[0], x[1]));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(x[2], x[3]), _mm512_unpackhi_epi32(x[2], x[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

// The scales of four tokens' blocks, each in all words of its lane.
inline __m512 quad_scales(const uint8_t * const * blocks) {
    uint64_t halves = 0;
    for (int t = 0; t < QUAD; t++) {
        uint16_t half;
        memcpy(&half, blocks[t], sizeof(half));
        halves |= (uint64_t) half << 16*t;
    }
    const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_permutexvar_ps(spread, _mm512_castps128_ps512(_mm_cvtph_ps(_mm_cvtsi64_si128((int64_t) halves))));
}

// Two quads' products with R rows over one block, added to total[quad][R / 4].
template <int BITS, int BLOCK, int R>
[[gnu::always_inline]] inline void score_block(const uint8_t * first, size_t stride, const query_rows<R> & queries, int64_t b,
                                               __m512 (*total)[R/QUAD]) {
    const __m512i lift = _mm512_set1_epi8((char) 128);
    const uint8_t * const second = first + QUAD*stride;
    const uint8_t * const left_blocks[QUAD] = { first, first + stride, first + 2*stride, first + 3*stride };
    const uint8_t * const right_blocks[QUAD] = { second, second + stride, second + 2*stride, second + 3*stride };
    __m512i acc[2][R];
    for (int r = 0; r < R; r++) {
        acc[0][r] = acc[1][r] = _mm512_setzero_si512();
    }
    constexpr int PAIRS = BLOCK/(2*TQ_GROUP), SHARE = 2*QUAD/PAIRS;
    int codes = tq::header_bytes(BLOCK);
    for (int pair = 0; pair < PAIRS; pair++) {
        // A share of the rows that this loop reads: all at once would wait for one another.
        for (int t = pair*SHARE; t < (pair + 1)*SHARE; t++) {
            for (int line = 0; line < BLOCK_BYTES<BLOCK, BITS>; line += 64) {
                __builtin_prefetch(first + t*stride + AHEAD + line);
            }
        }
#pragma GCC unroll 2
        for (int odd = 0; odd < 2; odd++, codes += tq::kGroupBytes<BITS>) {
            const quad_steps a = unpack_quad<BITS>(left_blocks, 2 + pair, 4*odd, codes);
            const quad_steps c = unpack_quad<BITS>(right_blocks, 2 + pair, 4*odd, codes);
#pragma GCC unroll 2
            for (int half = 0; half < 2; half++) {
                const __m512i left = _mm512_xor_si512(a.half[half], lift), right = _mm512_xor_si512(c.half[half], lift);
                const int64_t at = b*BLOCK + (2*pair + odd)*TQ_GROUP + half*TQ_GROUP/2;
                for (int r = 0; r < R; r++) {
                    const __m512i query = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) (queries.values[r] + at)));
                    acc[0][r] = add_products(acc[0][r], left, query);
                    acc[1][r] = add_products(acc[1][r], right, query);
                }
            }
        }
    }
    for (int quad = 0; quad < 2; quad++) {
        const __m512 scales = quad_scales(quad == 0 ? left_blocks : right_blocks);
        for (int r = 0; r < R; r += QUAD) {
            const __m512i offset = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) (queries.offsets[b] + r)));
            const __m512 scale = _mm512_mul_ps(scales, _mm512_broadcast_f32x4(_mm_loadu_ps(queries.scales[b] + r)));
            const __m512 sum = _mm512_cvtepi32_ps(_mm512_add_epi32(sum_lanes(acc[quad] + r), offset));
            total[quad][r/QUAD] = _mm512_fmadd_ps(sum, scale, total[quad][r/QUAD]);
        }
    }
}

// Of four quads, word r of lane t the score of token t by row r → four rows of sixteen tokens.
inline void store_scores(const __m512 * quads, int64_t step, float * scores, int64_t stride) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512 low01 = _mm512_unpacklo_ps(quads[0], quads[step]), high01 = _mm512_unpackhi_ps(quads[0], quads[step]);
    const __m512 low23 = _mm512_unpacklo_ps(quads[2*step], quads[3*step]), high23 = _mm512_unpackhi_ps(quads[2*step], quads[3*step]);
    const __m512d a = _mm512_castps_pd(low01), b = _mm512_castps_pd(low23), c = _mm512_castps_pd(high01), d = _mm512_castps_pd(high23);
    const __m512d rows[QUAD] = { _mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b), _mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d) };
    for (int r = 0; r < QUAD; r++) {
        _mm512_storeu_ps(scores + r*stride, _mm512_permutexvar_ps(order, _mm512_castpd_ps(rows[r])));
    }
}

template <int BITS, int BLOCK, int R>
void score_fused(const char * keys, size_t stride, int64_t size, int tokens, const float * floats, float * scores, int64_t score_stride) {
    const int64_t blocks = size/BLOCK;
    const query_rows<R> queries(floats, size, blocks, tq::Format<BITS>::unit);
    for (int first = 0; first < tokens; first += FUSED_TOKENS) {
        __m512 total[FUSED_TOKENS/QUAD][R/QUAD];
        for (int eight = 0; eight < 2; eight++) {
            for (int quad = 2*eight; quad < 2*eight + 2; quad++) {
                for (int r = 0; r < R/QUAD; r++) {
                    total[quad][r] = _mm512_setzero_ps();
                }
            }
            const auto * rows = (const uint8_t *) keys + (size_t) (first + eight*2*QUAD)*stride;
            for (int64_t b = 0; b < blocks; b++, rows += BLOCK_BYTES<BLOCK, BITS>) {
                score_block<BITS, BLOCK, R>(rows, stride, queries, b, total + 2*eight);
            }
        }
        for (int r = 0; r < R/QUAD; r++) {
            store_scores(&total[0][r], R/QUAD, scores + r*QUAD*score_stride + first, score_stride);
        }
    }
}

// R rows over one group of columns.
template <int BITS, int R>
[[gnu::always_inline]] inline void sum_group(const uint8_t * block, size_t stride, int tokens, int index, int shift, int codes,
                                             const byte_weights * weights, float * sums, int64_t size) {
    // Byte 4c + t from byte 16t + c.
    alignas(64) static constexpr uint8_t WORDS[64] = {
        0, 16, 32, 48, 1, 17, 33, 49, 2, 18, 34, 50, 3, 19, 35, 51, 4, 20, 36, 52, 5, 21, 37, 53, 6, 22, 38, 54, 7, 23, 39, 55,
        8, 24, 40, 56, 9, 25, 41, 57, 10, 26, 42, 58, 11, 27, 43, 59, 12, 28, 44, 60, 13, 29, 45, 61, 14, 30, 46, 62, 15, 31, 47, 63,
    };
    const __m512i order = _mm512_load_si512(WORDS);
    __m512i acc[R][2];
    for (int r = 0; r < R; r++) {
        acc[r][0] = acc[r][1] = _mm512_setzero_si512();
    }
    const auto add = [&](int t, const uint8_t * a, const uint8_t * b, const uint8_t * c, const uint8_t * d) {
        const uint8_t * const rows[QUAD] = { a, b, c, d };
        const quad_steps steps = unpack_quad<BITS>(rows, index, shift, codes);
        const __m512i low = _mm512_permutexvar_epi8(order, steps.half[0]), high = _mm512_permutexvar_epi8(order, steps.half[1]);
        for (int r = 0; r < R; r++) {
            int32_t four;
            memcpy(&four, weights[r].values + t, sizeof(four));
            const __m512i weight = _mm512_set1_epi32(four);
            acc[r][0] = add_products(acc[r][0], weight, low);
            acc[r][1] = add_products(acc[r][1], weight, high);
        }
    };
    int t = 0;
    for (; t + QUAD <= tokens; t += QUAD, block += QUAD*stride) {
        add(t, block, block + stride, block + 2*stride, block + 3*stride);
    }
    if (t < tokens) {
        // Weights of what stands behind the last token are zero: any row will do.
        const int left = tokens - t;
        add(t, block, left > 1 ? block + stride : block, left > 2 ? block + 2*stride : block, block);
    }
    for (int r = 0; r < R; r++) {
        const simd::vec unit = simd::set1(weights[r].unit);
        for (int half = 0; half < 2; half++) {
            float * out = sums + r*size + half*simd::LANES;
            simd::store(out, simd::fma(_mm512_cvtepi32_ps(acc[r][half]), unit, simd::load(out)));
        }
    }
}

template <int BITS, int BLOCK, int R>
void sum_fused(const char * values, size_t stride, int64_t size, int tokens, int max_tokens, const float * weights, float * sums) {
    for (int64_t b = 0; b < size/BLOCK; b++, sums += BLOCK) {
        const uint8_t * block = (const uint8_t *) values + b*BLOCK_BYTES<BLOCK, BITS>;
        const weight_rows<BITS, R> rows(block, stride, tokens, max_tokens, weights);
        // Of the next tile, a share with each group.
        const auto * ahead = (const char *) values + tokens*stride + b*tokens*stride*BLOCK/size;
        const size_t share = tokens*stride*TQ_GROUP/size;
        for (int pair = 0; pair < BLOCK/(2*TQ_GROUP); pair++) {
#pragma GCC unroll 2
            for (int odd = 0; odd < 2; odd++, ahead += share) {
                for (size_t line = 0; line < share; line += 64) {
                    __builtin_prefetch(ahead + line);
                }
                const int group = 2*pair + odd;
                sum_group<BITS, R>(block, stride, tokens, 2 + pair, 4*odd, tq::header_bytes(BLOCK) + group*tq::kGroupBytes<BITS>, rows.bytes,
                                   sums + group*TQ_GROUP, size);
            }
        }
    }
}

} // namespace
} // namespace innerloop
