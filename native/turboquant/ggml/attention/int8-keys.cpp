// Scores of a tile of tokens in bytes: keys unpacked once, sixteen or four tokens side by side in a register.

#include "int8-keys.h"

#include "fused-blocks.h"
#include "simd.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// LANES keys lie as [size / 4][LANES] words of four bytes: one register holds four elements of LANES tokens, so that a
// word of the query meets all of them in one instruction and no sum over lanes is needed. Scales follow as
// [size / span][LANES] floats, then the rows as they were unpacked, before they are turned.
//
// x86 multiplies unsigned bytes by signed ones: its keys are stored with 128 added, and each span of a query brings
// −128 times its sum, at which the accumulator begins.

namespace innerloop {
namespace {

using namespace simd;

constexpr int WORD = 4;

struct int8_keys {
    uint32_t * words;
    float * scales;
    // Not yet turned, and their scales.
    int8_t * rows;
    float * row_scales;

    int8_keys(float * at, int64_t size) {
        words = (uint32_t *) at;
        scales = at + size/WORD*LANES;
        rows = (int8_t *) (scales + size/INT8_BLOCK*LANES);
        row_scales = (float *) (rows + LANES*size);
    }
};

// Words [LANES][size / 4] → [size / 4][LANES].
void turn(const int8_t * rows, int64_t size, uint32_t * words);

#if defined(__AVX512BW__) && defined(__AVX512VNNI__)

constexpr int32_t KEY_OFFSET = 128;

// A square of 16 × 16 words: pairs, quads, then whole quarters of registers change places.
void turn_square(const int8_t * rows, int64_t size, uint32_t * words) {
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
        _mm512_storeu_si512(words + (i + 0)*LANES, _mm512_shuffle_i32x4(low01, low23, 0x88));
        _mm512_storeu_si512(words + (i + 8)*LANES, _mm512_shuffle_i32x4(low01, low23, 0xdd));
        _mm512_storeu_si512(words + (i + 4)*LANES, _mm512_shuffle_i32x4(high01, high23, 0x88));
        _mm512_storeu_si512(words + (i + 12)*LANES, _mm512_shuffle_i32x4(high01, high23, 0xdd));
    }
}

void turn(const int8_t * rows, int64_t size, uint32_t * words) {
    int64_t d = 0;
    for (; d + 64 <= size; d += 64) {
        turn_square(rows + d, size, words + d/WORD*LANES);
    }
    for (; d < size; d += WORD) {
        for (int t = 0; t < LANES; t++) {
            uint32_t word;
            memcpy(&word, rows + t*size + d, WORD);
            words[d/WORD*LANES + t] = word ^ 0x80808080u;
        }
    }
}

template <int R>
void score_rows(int64_t size, int64_t span, const int8_query * queries, const int8_keys & keys, float * scores, int64_t stride) {
    vec total[R];
    for (int r = 0; r < R; r++) {
        total[r] = zero();
    }
    for (int64_t s = 0; s < size/span; s++) {
        __m512i acc[R];
        for (int r = 0; r < R; r++) {
            acc[r] = _mm512_set1_epi32(queries[r].offsets[s]);
        }
        for (int64_t w = s*span/WORD; w < (s + 1)*span/WORD; w++) {
            const __m512i key = _mm512_loadu_si512(keys.words + w*LANES);
            for (int r = 0; r < R; r++) {
                int32_t query;
                memcpy(&query, queries[r].values + w*WORD, WORD);
                acc[r] = _mm512_dpbusd_epi32(acc[r], key, _mm512_set1_epi32(query));
            }
        }
        const vec scale = load(keys.scales + s*LANES);
        for (int r = 0; r < R; r++) {
            total[r] = fma(_mm512_cvtepi32_ps(acc[r]), mul(scale, set1(queries[r].scales[s])), total[r]);
        }
    }
    for (int r = 0; r < R; r++) {
        store(scores + r*stride, total[r]);
    }
}

#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD)

constexpr int32_t KEY_OFFSET = 0;

void turn(const int8_t * rows, int64_t size, uint32_t * words) {
    for (int64_t d = 0; d < size; d += 16) {
        uint32x4_t a[4];
        for (int i = 0; i < 4; i++) {
            a[i] = vreinterpretq_u32_s8(vld1q_s8(rows + i*size + d));
        }
        const uint64x2_t low01 = vreinterpretq_u64_u32(vtrn1q_u32(a[0], a[1]));
        const uint64x2_t high01 = vreinterpretq_u64_u32(vtrn2q_u32(a[0], a[1]));
        const uint64x2_t low23 = vreinterpretq_u64_u32(vtrn1q_u32(a[2], a[3]));
        const uint64x2_t high23 = vreinterpretq_u64_u32(vtrn2q_u32(a[2], a[3]));
        uint32_t * out = words + d/WORD*LANES;
        vst1q_u32(out + 0*LANES, vreinterpretq_u32_u64(vtrn1q_u64(low01, low23)));
        vst1q_u32(out + 1*LANES, vreinterpretq_u32_u64(vtrn1q_u64(high01, high23)));
        vst1q_u32(out + 2*LANES, vreinterpretq_u32_u64(vtrn2q_u64(low01, low23)));
        vst1q_u32(out + 3*LANES, vreinterpretq_u32_u64(vtrn2q_u64(high01, high23)));
    }
}

template <int LANE> int32x4_t dot_word(int32x4_t acc, const uint32_t * words, int8x16_t query) {
    return vdotq_laneq_s32(acc, vreinterpretq_s8_u32(vld1q_u32(words)), query, LANE);
}

template <int R>
void score_rows(int64_t size, int64_t span, const int8_query * queries, const int8_keys & keys, float * scores, int64_t stride) {
    vec total[R];
    for (int r = 0; r < R; r++) {
        total[r] = zero();
    }
    for (int64_t s = 0; s < size/span; s++) {
        int32x4_t acc[R];
        for (int r = 0; r < R; r++) {
            acc[r] = vdupq_n_s32(0);
        }
        for (int64_t d = s*span; d < (s + 1)*span; d += 4*WORD) {
            const uint32_t * at = keys.words + d/WORD*LANES;
            for (int r = 0; r < R; r++) {
                const int8x16_t query = vld1q_s8(queries[r].values + d);
                acc[r] = dot_word<0>(acc[r], at, query);
                acc[r] = dot_word<1>(acc[r], at + LANES, query);
                acc[r] = dot_word<2>(acc[r], at + 2*LANES, query);
                acc[r] = dot_word<3>(acc[r], at + 3*LANES, query);
            }
        }
        const vec scale = load(keys.scales + s*LANES);
        for (int r = 0; r < R; r++) {
            total[r] = fma(vcvtq_f32_s32(acc[r]), mul(scale, set1(queries[r].scales[s])), total[r]);
        }
    }
    for (int r = 0; r < R; r++) {
        store(scores + r*stride, total[r]);
    }
}

#else

// Without such an instruction keys are read as floats; what follows keeps the same code correct everywhere.
constexpr int32_t KEY_OFFSET = 0;

void turn(const int8_t * rows, int64_t size, uint32_t * words) {
    for (int64_t d = 0; d < size; d += WORD) {
        for (int t = 0; t < LANES; t++) {
            memcpy(words + d/WORD*LANES + t, rows + t*size + d, WORD);
        }
    }
}

template <int R>
void score_rows(int64_t size, int64_t span, const int8_query * queries, const int8_keys & keys, float * scores, int64_t stride) {
    for (int r = 0; r < R; r++) {
        for (int t = 0; t < LANES; t++) {
            float total = 0;
            for (int64_t s = 0; s < size/span; s++) {
                int32_t acc = 0;
                for (int64_t i = s*span; i < (s + 1)*span; i++) {
                    const auto * key = (const int8_t *) (keys.words + i/WORD*LANES + t);
                    acc += key[i%WORD]*queries[r].values[i];
                }
                total += acc*keys.scales[s*LANES + t]*queries[r].scales[s];
            }
            scores[r*stride + t] = total;
        }
    }
}

#endif

// LANES keys from `rows`, or fewer and zeros.
void pack_keys(const kv_format & format, const char * rows, size_t stride, int64_t size, int tokens, const int8_keys & to) {
    const int64_t spans = size/format.span;
    format.unpack_int8(rows, stride, tokens, size, to.rows, to.row_scales);
    if (tokens < LANES) {
        memset(to.rows + tokens*size, 0, (LANES - tokens)*size);
        memset(to.row_scales + tokens*spans, 0, (LANES - tokens)*spans*sizeof(float));
    }
    turn(to.rows, size, to.words);
    for (int64_t s = 0; s < spans; s++) {
        for (int t = 0; t < LANES; t++) {
            to.scales[s*LANES + t] = to.row_scales[t*spans + s];
        }
    }
}

template <int R>
void score_chunk(int64_t size, int64_t span, const float * queries, const int8_keys & keys, float * scores, int64_t stride) {
    const auto query = [&](int r) { return int8_query(queries + r*int8_query_floats(size), size); };
    if constexpr (R == 8) {
        const int8_query eight[8] = { query(0), query(1), query(2), query(3), query(4), query(5), query(6), query(7) };
        score_rows<8>(size, span, eight, keys, scores, stride);
    } else if constexpr (R == 4) {
        const int8_query four[4] = { query(0), query(1), query(2), query(3) };
        score_rows<4>(size, span, four, keys, scores, stride);
    } else {
        const int8_query one = query(0);
        score_rows<1>(size, span, &one, keys, scores, stride);
    }
}

} // namespace

int64_t int8_query_floats(int64_t size) {
    return size/(int64_t) sizeof(float) + 2*(size/INT8_BLOCK);
}

int64_t int8_keys_floats(int64_t size) {
    return LANES*(2*(size/WORD) + 2*(size/INT8_BLOCK));
}

void quantize_query(const float * query, int64_t size, int64_t span, float * out) {
    auto * offsets = (int32_t *) (out + size/INT8_BLOCK);
    auto * values = (int8_t *) (out + 2*(size/INT8_BLOCK));
    for (int64_t s = 0; s < size/span; s++, query += span, values += span) {
        vec most = zero(), least = zero();
        for (int64_t i = 0; i < span; i += LANES) {
            most = max(most, load(query + i));
            least = max(least, mul(load(query + i), set1(-1)));
        }
        const float magnitude = largest(max(most, least));
        const float inverse = magnitude > 0 ? 127.0f/magnitude : 0.0f;
        int32_t sum = 0;
        for (int64_t i = 0; i < span; i++) {
            const auto value = (int8_t) (int32_t) std::nearbyint(query[i]*inverse);
            values[i] = value;
            sum += value;
        }
        out[s] = magnitude/127.0f;
        offsets[s] = -KEY_OFFSET*sum;
    }
}

void int8_scores(const kv_format & format, const char * keys, size_t stride, int64_t size, int tokens, int rows, const float * queries, float * room,
                 float * scores, int64_t score_stride) {
    int t = 0;
    if (format.fused.score != nullptr && is_worth_fusing(rows, size/format.span)) {
        t = tokens/FUSED_TOKENS*FUSED_TOKENS;
        format.fused.score(keys, stride, size, t, rows, queries, scores, score_stride);
    }
    const int8_keys chunk(room, size);
    const int64_t query_floats = int8_query_floats(size);
    for (; t < tokens; t += LANES) {
        pack_keys(format, keys + t*stride, stride, size, std::min(LANES, tokens - t), chunk);
        int r = 0;
        for (; r + 8 <= rows; r += 8) {
            score_chunk<8>(size, format.span, queries + r*query_floats, chunk, scores + r*score_stride + t, score_stride);
        }
        for (; r + 4 <= rows; r += 4) {
            score_chunk<4>(size, format.span, queries + r*query_floats, chunk, scores + r*score_stride + t, score_stride);
        }
        for (; r < rows; r++) {
            score_chunk<1>(size, format.span, queries + r*query_floats, chunk, scores + r*score_stride + t, score_stride);
        }
    }
}

} // namespace innerloop
