// Scores of a tile of tokens in bytes: keys unpacked once, sixteen or four tokens side by side in a register.

#include "int8-keys.h"

#include "simd.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// A tile of keys lies as [size / 4][max_tokens] words of four bytes: one register holds four elements of LANES tokens, so
// that a word of the query meets all of them in one instruction and no sum over lanes is needed. Scales follow as
// [size / INT8_BLOCK][max_tokens] floats, then the rows as they were unpacked, before they are turned.
//
// x86 multiplies unsigned bytes by signed ones: its keys are stored with 128 added, and each block of a query brings
// −128 times its sum, at which the accumulator begins.

namespace innerloop {
namespace {

using namespace simd;

constexpr int WORD = 4;
constexpr int BLOCK_WORDS = INT8_BLOCK/WORD;

struct int8_query {
    int8_t * values;
    float * scales;
    int32_t * offsets;

    int8_query(float * at, int64_t size) {
        scales = at;
        offsets = (int32_t *) (at + size/INT8_BLOCK);
        values = (int8_t *) (at + 2*(size/INT8_BLOCK));
    }
};

struct int8_keys {
    uint32_t * words;
    float * scales;
    // LANES rows, not yet turned, and their scales.
    int8_t * rows;
    float * row_scales;

    int8_keys(float * at, int64_t size, int64_t max_tokens) {
        words = (uint32_t *) at;
        scales = at + size/WORD*max_tokens;
        rows = (int8_t *) (scales + size/INT8_BLOCK*max_tokens);
        row_scales = (float *) (rows + LANES*size);
    }
};

// Words [LANES][size / 4] → [size / 4][stride].
void turn(const int8_t * rows, int64_t size, uint32_t * words, int64_t stride);

#if defined(__AVX512BW__) && defined(__AVX512VNNI__)

constexpr int32_t KEY_OFFSET = 128;

// A square of 16 × 16 words: pairs, quads, then whole quarters of registers change places.
void turn_square(const int8_t * rows, int64_t size, uint32_t * words, int64_t stride) {
    __m512i a[16], b[16];
    const __m512i offset = _mm512_set1_epi8((char) KEY_OFFSET);
    for (int i = 0; i < 16; i++) {
        a[i] = _mm512_xor_si512(_mm512_loadu_si512(rows + i*size), offset);
    }
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        const __m512i low01 = _mm512_shuffle_i32x4(a[i], a[i + 4], 0x88);
        const __m512i high01 = _mm512_shuffle_i32x4(a[i], a[i + 4], 0xdd);
        const __m512i low23 = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0x88);
        const __m512i high23 = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0xdd);
        _mm512_storeu_si512(words + (i + 0)*stride, _mm512_shuffle_i32x4(low01, low23, 0x88));
        _mm512_storeu_si512(words + (i + 8)*stride, _mm512_shuffle_i32x4(low01, low23, 0xdd));
        _mm512_storeu_si512(words + (i + 4)*stride, _mm512_shuffle_i32x4(high01, high23, 0x88));
        _mm512_storeu_si512(words + (i + 12)*stride, _mm512_shuffle_i32x4(high01, high23, 0xdd));
    }
}

void turn(const int8_t * rows, int64_t size, uint32_t * words, int64_t stride) {
    int64_t d = 0;
    for (; d + 64 <= size; d += 64) {
        turn_square(rows + d, size, words + d/WORD*stride, stride);
    }
    for (; d < size; d += WORD) {
        for (int t = 0; t < LANES; t++) {
            uint32_t word;
            memcpy(&word, rows + t*size + d, WORD);
            words[d/WORD*stride + t] = word ^ 0x80808080u;
        }
    }
}

template <int R>
void score_rows(int64_t size, const int8_query * queries, const uint32_t * words, const float * scales, int64_t stride, float * scores, int64_t score_stride) {
    vec total[R];
    for (int r = 0; r < R; r++) {
        total[r] = zero();
    }
    for (int64_t b = 0; b < size/INT8_BLOCK; b++) {
        __m512i acc[R];
        for (int r = 0; r < R; r++) {
            acc[r] = _mm512_set1_epi32(queries[r].offsets[b]);
        }
        for (int w = 0; w < BLOCK_WORDS; w++) {
            const __m512i key = _mm512_loadu_si512(words + (b*BLOCK_WORDS + w)*stride);
            for (int r = 0; r < R; r++) {
                int32_t query;
                memcpy(&query, queries[r].values + b*INT8_BLOCK + w*WORD, WORD);
                acc[r] = _mm512_dpbusd_epi32(acc[r], key, _mm512_set1_epi32(query));
            }
        }
        const vec scale = load(scales + b*stride);
        for (int r = 0; r < R; r++) {
            total[r] = fma(_mm512_cvtepi32_ps(acc[r]), mul(scale, set1(queries[r].scales[b])), total[r]);
        }
    }
    for (int r = 0; r < R; r++) {
        store(scores + r*score_stride, total[r]);
    }
}

#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD)

constexpr int32_t KEY_OFFSET = 0;

void turn(const int8_t * rows, int64_t size, uint32_t * words, int64_t stride) {
    for (int64_t d = 0; d < size; d += 16) {
        uint32x4_t a[4];
        for (int i = 0; i < 4; i++) {
            a[i] = vreinterpretq_u32_s8(vld1q_s8(rows + i*size + d));
        }
        const uint64x2_t low01 = vreinterpretq_u64_u32(vtrn1q_u32(a[0], a[1]));
        const uint64x2_t high01 = vreinterpretq_u64_u32(vtrn2q_u32(a[0], a[1]));
        const uint64x2_t low23 = vreinterpretq_u64_u32(vtrn1q_u32(a[2], a[3]));
        const uint64x2_t high23 = vreinterpretq_u64_u32(vtrn2q_u32(a[2], a[3]));
        uint32_t * out = words + d/WORD*stride;
        vst1q_u32(out + 0*stride, vreinterpretq_u32_u64(vtrn1q_u64(low01, low23)));
        vst1q_u32(out + 1*stride, vreinterpretq_u32_u64(vtrn1q_u64(high01, high23)));
        vst1q_u32(out + 2*stride, vreinterpretq_u32_u64(vtrn2q_u64(low01, low23)));
        vst1q_u32(out + 3*stride, vreinterpretq_u32_u64(vtrn2q_u64(high01, high23)));
    }
}

template <int LANE> int32x4_t dot_word(int32x4_t acc, const uint32_t * words, int8x16_t query) {
    return vdotq_laneq_s32(acc, vreinterpretq_s8_u32(vld1q_u32(words)), query, LANE);
}

template <int R>
void score_rows(int64_t size, const int8_query * queries, const uint32_t * words, const float * scales, int64_t stride, float * scores, int64_t score_stride) {
    vec total[R];
    for (int r = 0; r < R; r++) {
        total[r] = zero();
    }
    for (int64_t b = 0; b < size/INT8_BLOCK; b++) {
        int32x4_t acc[R];
        for (int r = 0; r < R; r++) {
            acc[r] = vdupq_n_s32(0);
        }
        for (int half = 0; half < 2; half++) {
            const uint32_t * at = words + (b*BLOCK_WORDS + half*4)*stride;
            for (int r = 0; r < R; r++) {
                const int8x16_t query = vld1q_s8(queries[r].values + b*INT8_BLOCK + half*16);
                acc[r] = dot_word<0>(acc[r], at, query);
                acc[r] = dot_word<1>(acc[r], at + stride, query);
                acc[r] = dot_word<2>(acc[r], at + 2*stride, query);
                acc[r] = dot_word<3>(acc[r], at + 3*stride, query);
            }
        }
        const vec scale = load(scales + b*stride);
        for (int r = 0; r < R; r++) {
            total[r] = fma(vcvtq_f32_s32(acc[r]), mul(scale, set1(queries[r].scales[b])), total[r]);
        }
    }
    for (int r = 0; r < R; r++) {
        store(scores + r*score_stride, total[r]);
    }
}

#else

// Without such an instruction keys are read as floats; what follows keeps the same code correct everywhere.
constexpr int32_t KEY_OFFSET = 0;

void turn(const int8_t * rows, int64_t size, uint32_t * words, int64_t stride) {
    for (int64_t d = 0; d < size; d += WORD) {
        for (int t = 0; t < LANES; t++) {
            memcpy(words + d/WORD*stride + t, rows + t*size + d, WORD);
        }
    }
}

template <int R>
void score_rows(int64_t size, const int8_query * queries, const uint32_t * words, const float * scales, int64_t stride, float * scores, int64_t score_stride) {
    for (int r = 0; r < R; r++) {
        for (int t = 0; t < LANES; t++) {
            float total = 0;
            for (int64_t b = 0; b < size/INT8_BLOCK; b++) {
                int32_t acc = 0;
                for (int i = 0; i < INT8_BLOCK; i++) {
                    const auto * key = (const int8_t *) (words + (b*BLOCK_WORDS + i/WORD)*stride + t);
                    acc += key[i%WORD]*queries[r].values[b*INT8_BLOCK + i];
                }
                total += acc*scales[b*stride + t]*queries[r].scales[b];
            }
            scores[r*score_stride + t] = total;
        }
    }
}

#endif

} // namespace

int64_t int8_query_floats(int64_t size) {
    return size/(int64_t) sizeof(float) + 2*(size/INT8_BLOCK);
}

int64_t int8_keys_floats(int64_t size, int64_t tokens) {
    return size/WORD*tokens + size/INT8_BLOCK*tokens + LANES*size/(int64_t) sizeof(float) + LANES*(size/INT8_BLOCK);
}

void quantize_query(const float * query, int64_t size, float * out) {
    int8_query q(out, size);
    for (int64_t b = 0; b < size/INT8_BLOCK; b++) {
        const float * x = query + b*INT8_BLOCK;
        float largest = 0;
        for (int i = 0; i < INT8_BLOCK; i++) {
            largest = std::max(largest, std::fabs(x[i]));
        }
        const float inverse = largest > 0 ? 127.0f/largest : 0.0f;
        int32_t sum = 0;
        for (int i = 0; i < INT8_BLOCK; i++) {
            const int32_t value = (int32_t) std::nearbyint(x[i]*inverse);
            q.values[b*INT8_BLOCK + i] = (int8_t) value;
            sum += value;
        }
        q.scales[b] = largest/127.0f;
        q.offsets[b] = -KEY_OFFSET*sum;
    }
}

void pack_int8_keys(const kv_format & format, const char * keys, size_t stride, int64_t size, int tokens, int max_tokens, float * tile) {
    int8_keys to(tile, size, max_tokens);
    const int64_t blocks = size/INT8_BLOCK;
    const size_t row_bytes = ggml_row_size(format.type, size);
    for (int first = 0; first < tokens; first += LANES) {
        const int count = std::min(LANES, tokens - first);
        for (int t = 0; t < count; t++) {
            prefetch_row(keys, stride, first + t, row_bytes);
            format.unpack_int8(keys + (first + t)*stride, size, to.rows + t*size, to.row_scales + t*blocks);
        }
        memset(to.rows + count*size, 0, (LANES - count)*size);
        memset(to.row_scales + count*blocks, 0, (LANES - count)*blocks*sizeof(float));
        turn(to.rows, size, to.words + first, max_tokens);
        for (int64_t b = 0; b < blocks; b++) {
            for (int t = 0; t < LANES; t++) {
                to.scales[b*max_tokens + first + t] = to.row_scales[t*blocks + b];
            }
        }
    }
}

void int8_scores(int rows, int tokens, int max_tokens, int64_t size, float * queries, float * tile, float * scores, int64_t score_stride) {
    const int8_keys keys(tile, size, max_tokens);
    const auto query = [&](int r) { return int8_query(queries + r*int8_query_floats(size), size); };
    int r = 0;
    for (; r + 8 <= rows; r += 8) {
        const int8_query eight[8] = { query(r), query(r + 1), query(r + 2), query(r + 3), query(r + 4), query(r + 5), query(r + 6), query(r + 7) };
        for (int t = 0; t < tokens; t += LANES) {
            score_rows<8>(size, eight, keys.words + t, keys.scales + t, max_tokens, scores + r*score_stride + t, score_stride);
        }
    }
    for (; r + 4 <= rows; r += 4) {
        const int8_query four[4] = { query(r), query(r + 1), query(r + 2), query(r + 3) };
        for (int t = 0; t < tokens; t += LANES) {
            score_rows<4>(size, four, keys.words + t, keys.scales + t, max_tokens, scores + r*score_stride + t, score_stride);
        }
    }
    for (; r < rows; r++) {
        const int8_query one[1] = { query(r) };
        for (int t = 0; t < tokens; t += LANES) {
            score_rows<1>(size, one, keys.words + t, keys.scales + t, max_tokens, scores + r*score_stride + t, score_stride);
        }
    }
}

} // namespace innerloop
