// Weighted sums of a tile of tokens in bytes: values unpacked once, four tokens side by side in a word.

#include "int8-values.h"

#include "byte-weights.h"
#include "fused-blocks.h"
#include "simd.h"

#include <algorithm>
#include <cstring>

// A tile of values lies as [tokens / 4][VALUE_COLUMNS] words of one byte of each of four tokens, so that four weights meet
// a column in one instruction; inside a block of 32 columns x86 keeps them in the order in which its shuffles leave them.
// Scales follow as [VALUE_COLUMNS / span][max_tokens] floats, then the rows in hand as they were unpacked.

namespace innerloop {
namespace {

using namespace simd;

constexpr int WORD = 4;
// Unpacked at once, before they are turned.
constexpr int ROWS_IN_HAND = 16;

struct int8_values {
    uint32_t * words;
    float * scales;
    int8_t * rows;

    int8_values(float * at, int64_t max_tokens) {
        words = (uint32_t *) at;
        scales = at + max_tokens/WORD*VALUE_COLUMNS;
        rows = (int8_t *) (scales + VALUE_COLUMNS/INT8_BLOCK*max_tokens);
    }
};

#if defined(__AVX512BW__) && defined(__AVX512VNNI__)

void turn_block(const int8_t * rows, int64_t stride, uint32_t * words) {
    __m256i row[WORD];
    for (int t = 0; t < WORD; t++) {
        row[t] = _mm256_loadu_si256((const __m256i *) (rows + t*stride));
    }
    const __m256i low01 = _mm256_unpacklo_epi8(row[0], row[1]);
    const __m256i high01 = _mm256_unpackhi_epi8(row[0], row[1]);
    const __m256i low23 = _mm256_unpacklo_epi8(row[2], row[3]);
    const __m256i high23 = _mm256_unpackhi_epi8(row[2], row[3]);
    _mm256_storeu_si256((__m256i *) (words + 0), _mm256_unpacklo_epi16(low01, low23));
    _mm256_storeu_si256((__m256i *) (words + 8), _mm256_unpackhi_epi16(low01, low23));
    _mm256_storeu_si256((__m256i *) (words + 16), _mm256_unpacklo_epi16(high01, high23));
    _mm256_storeu_si256((__m256i *) (words + 24), _mm256_unpackhi_epi16(high01, high23));
}

template <int R>
void sum_rows(int tokens, int64_t size, const byte_weights * weights, const uint32_t * words, float * sums) {
    __m512i acc[R][2];
    for (int r = 0; r < R; r++) {
        acc[r][0] = acc[r][1] = _mm512_setzero_si512();
    }
    for (int t = 0; t < tokens; t += WORD, words += VALUE_COLUMNS) {
        const __m512i low = _mm512_loadu_si512(words);
        const __m512i high = _mm512_loadu_si512(words + 16);
        for (int r = 0; r < R; r++) {
            int32_t four;
            memcpy(&four, weights[r].values + t, WORD);
            const __m512i weight = _mm512_set1_epi32(four);
            acc[r][0] = _mm512_dpbusd_epi32(acc[r][0], weight, low);
            acc[r][1] = _mm512_dpbusd_epi32(acc[r][1], weight, high);
        }
    }
    for (int r = 0; r < R; r++) {
        const vec low = _mm512_cvtepi32_ps(acc[r][0]);
        const vec high = _mm512_cvtepi32_ps(acc[r][1]);
        const vec unit = set1(weights[r].unit);
        float * out = sums + r*size;
        store(out, fma(_mm512_shuffle_f32x4(low, high, 0x88), unit, load(out)));
        store(out + 16, fma(_mm512_shuffle_f32x4(low, high, 0xdd), unit, load(out + 16)));
    }
}

constexpr int MOST_ROWS = 8;

#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD)

void turn_block(const int8_t * rows, int64_t stride, uint32_t * words) {
    for (int c = 0; c < INT8_BLOCK; c += 16) {
        const int8x16_t r0 = vld1q_s8(rows + c), r1 = vld1q_s8(rows + stride + c);
        const int8x16_t r2 = vld1q_s8(rows + 2*stride + c), r3 = vld1q_s8(rows + 3*stride + c);
        const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(r0, r1)), high01 = vreinterpretq_s16_s8(vzip2q_s8(r0, r1));
        const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(r2, r3)), high23 = vreinterpretq_s16_s8(vzip2q_s8(r2, r3));
        vst1q_u32(words + c + 0, vreinterpretq_u32_s16(vzip1q_s16(low01, low23)));
        vst1q_u32(words + c + 4, vreinterpretq_u32_s16(vzip2q_s16(low01, low23)));
        vst1q_u32(words + c + 8, vreinterpretq_u32_s16(vzip1q_s16(high01, high23)));
        vst1q_u32(words + c + 12, vreinterpretq_u32_s16(vzip2q_s16(high01, high23)));
    }
}

template <int R>
void sum_rows(int tokens, int64_t size, const byte_weights * weights, const uint32_t * words, float * sums) {
    constexpr int VECTORS = INT8_BLOCK/4;
    int32x4_t acc[R][VECTORS];
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < VECTORS; c++) {
            acc[r][c] = vdupq_n_s32(0);
        }
    }
    for (int t = 0; t < tokens; t += WORD, words += VALUE_COLUMNS) {
        int8x16_t weight[R];
        for (int r = 0; r < R; r++) {
            weight[r] = vreinterpretq_s8_u32(vld1q_dup_u32((const uint32_t *) (weights[r].values + t)));
        }
        for (int c = 0; c < VECTORS; c++) {
            const int8x16_t value = vreinterpretq_s8_u32(vld1q_u32(words + 4*c));
            for (int r = 0; r < R; r++) {
                acc[r][c] = vdotq_s32(acc[r][c], value, weight[r]);
            }
        }
    }
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < VECTORS; c++) {
            float * out = sums + r*size + 4*c;
            store(out, fma(vcvtq_f32_s32(acc[r][c]), set1(weights[r].unit), load(out)));
        }
    }
}

constexpr int MOST_ROWS = 2;

#else

// Without such an instruction values are read as floats; what follows keeps the same code correct everywhere.
void turn_block(const int8_t * rows, int64_t stride, uint32_t * words) {
    for (int c = 0; c < INT8_BLOCK; c++) {
        for (int t = 0; t < WORD; t++) {
            ((int8_t *) (words + c))[t] = rows[t*stride + c];
        }
    }
}

template <int R>
void sum_rows(int tokens, int64_t size, const byte_weights * weights, const uint32_t * words, float * sums) {
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < INT8_BLOCK; c++) {
            int32_t acc = 0;
            for (int t = 0; t < tokens; t++) {
                acc += weights[r].values[t]*((const int8_t *) (words + t/WORD*VALUE_COLUMNS + c))[t%WORD];
            }
            sums[r*size + c] += acc*weights[r].unit;
        }
    }
}

constexpr int MOST_ROWS = 2;

#endif

constexpr int HALF_ROWS = MOST_ROWS/2;

void pack_values(const kv_format & format, const char * rows, size_t stride, int64_t columns, int tokens, int max_tokens, const int8_values & to) {
    const int64_t spans = columns/format.span;
    if (tokens < max_tokens) {
        std::fill(to.scales, to.scales + spans*max_tokens, 0.0f);
    }
    for (int first = 0; first < tokens; first += ROWS_IN_HAND) {
        const int count = std::min(ROWS_IN_HAND, tokens - first);
        float scales[ROWS_IN_HAND*VALUE_COLUMNS/INT8_BLOCK];
        format.unpack_int8(rows + first*stride, stride, count, columns, to.rows, scales);
        for (int64_t s = 0; s < spans; s++) {
            for (int t = 0; t < count; t++) {
                to.scales[s*max_tokens + first + t] = scales[t*spans + s];
            }
        }
        if (count % WORD != 0) {
            memset(to.rows + count*columns, 0, (WORD - count % WORD)*columns);
        }
        for (int t = 0; t < count; t += WORD) {
            uint32_t * words = to.words + (first + t)/WORD*VALUE_COLUMNS;
            for (int64_t c = 0; c < columns; c += INT8_BLOCK) {
                turn_block(to.rows + t*columns + c, columns, words + c);
            }
        }
    }
}

// R rows over the columns of one span.
template <int R>
void sum_span(int tokens, int max_tokens, int64_t span, int64_t size, const float * weights, const float * scales, const uint32_t * words, float * sums) {
    byte_weights bytes[R];
    for (int r = 0; r < R; r++) {
        quantize_weights(max_tokens, weights + r*max_tokens, scales, bytes[r]);
    }
    for (int64_t c = 0; c < span; c += INT8_BLOCK) {
        sum_rows<R>(tokens, size, bytes, words + c, sums + c);
    }
}

} // namespace

int64_t int8_values_floats(int64_t tokens) {
    return tokens/WORD*VALUE_COLUMNS + VALUE_COLUMNS/INT8_BLOCK*tokens + ROWS_IN_HAND*VALUE_COLUMNS/(int64_t) sizeof(float);
}

void int8_accumulate(const kv_format & format, const char * values, size_t stride, int64_t size, int tokens, int max_tokens, int rows,
                     const float * weights, float * room, float * sums) {
    if (format.fused.sum != nullptr && is_worth_fusing(rows, size/format.span)) {
        format.fused.sum(values, stride, size, tokens, max_tokens, rows, weights, sums);
        return;
    }
    const int8_values tile(room, max_tokens);
    for (int64_t first = 0; first < size; first += VALUE_COLUMNS) {
        const int64_t columns = std::min(VALUE_COLUMNS, size - first);
        pack_values(format, values + ggml_row_size(format.type, first), stride, columns, tokens, max_tokens, tile);
        for (int64_t c = 0; c < columns; c += format.span) {
            const float * scales = tile.scales + c/format.span*max_tokens;
            float * out = sums + first + c;
            int r = 0;
            for (; r + MOST_ROWS <= rows; r += MOST_ROWS) {
                sum_span<MOST_ROWS>(tokens, max_tokens, format.span, size, weights + r*max_tokens, scales, tile.words + c, out + r*size);
            }
            for (; r + HALF_ROWS <= rows; r += HALF_ROWS) {
                sum_span<HALF_ROWS>(tokens, max_tokens, format.span, size, weights + r*max_tokens, scales, tile.words + c, out + r*size);
            }
            for (; r < rows; r++) {
                sum_span<1>(tokens, max_tokens, format.span, size, weights + r*max_tokens, scales, tile.words + c, out + r*size);
            }
        }
    }
}

} // namespace innerloop
