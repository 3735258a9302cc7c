// AVX2: products of bytes by pmaddubsw with the key's sign moved to the query, values as pairs of tokens by pmaddwd.
#include "../../kernel_table.hpp"
#include "unpack_avx2.hpp"

namespace tq {
namespace {

template <int BITS>
struct Avx2 {
    static constexpr int kTokens = 1;

    template <int HEADS, int TOKENS>
    static void dot_block(const uint8_t* block, size_t, int size, const tq_query* query, int head, int offset, int32_t (*sums)[HEADS]) {
        __m256i sum[HEADS];
        for (int h = 0; h < HEADS; h++) sum[h] = _mm256_setzero_si256();
        const uint8_t* codes = block + header_bytes(size);
        for (int group = 0; group < size / TQ_GROUP; group++, codes += kGroupBytes<BITS>) {
            const __m256i key = unpack_avx2<BITS>(codes, Format<BITS>::table(scale_index(block, group)));
            const __m256i magnitude = _mm256_abs_epi8(key);
            for (int h = 0; h < HEADS; h++) {
                const int8_t* values = query->values[head + h] + offset + group * TQ_GROUP;
                const __m256i q = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
                // At most 2 · 127² a pair: no saturation.
                const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(q, key));
                sum[h] = _mm256_add_epi32(sum[h], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            }
        }
        store_sums_avx2<HEADS>(sum, sums[0]);
    }

    // Coordinates 0..7, 8..15, 16..23, 24..31 of two tokens, as pairs of int16.
    static void interleave(__m256i first, __m256i second, __m256i* out) {
        const __m256i low = _mm256_unpacklo_epi8(first, second), high = _mm256_unpackhi_epi8(first, second);
        out[0] = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(low));
        out[1] = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(high));
        out[2] = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(low, 1));
        out[3] = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(high, 1));
    }

    static void add_group(const uint8_t* blocks, int block, size_t row_stride, size_t tokens, int group, const WeightTile* weights,
                          int heads, float* out, size_t out_stride) {
        __m256i pairs[TQ_TILE / 2][4];
        const size_t codes = header_bytes(block) + static_cast<size_t>(group) * kGroupBytes<BITS>;
        const auto steps_of = [&](size_t t) {
            if (t >= tokens) return _mm256_setzero_si256();
            const uint8_t* row = blocks + t * row_stride;
            return unpack_avx2<BITS>(row + codes, Format<BITS>::table(scale_index(row, group)));
        };
        const size_t count = (tokens + 1) / 2;
        for (size_t p = 0; p < count; p++) interleave(steps_of(2 * p), steps_of(2 * p + 1), pairs[p]);
        for (int head = 0; head < heads; head++) {
            __m256i sum[4] = {};
            for (size_t p = 0; p < count; p++) {
                const uint8_t* w = weights[head].values + 2 * p;
                const __m256i pair = _mm256_set1_epi32(w[0] | w[1] << 16);
                for (int i = 0; i < 4; i++) sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs[p][i], pair));
            }
            float* target = out + head * out_stride + group * TQ_GROUP;
            for (int i = 0; i < 4; i++) add_scaled_avx2(target + 8 * i, sum[i], weights[head].scale * Format<BITS>::unit);
        }
    }
};

}  // namespace

const tq_kernels* avx2_kernels() noexcept {
    static constexpr tq_kernels kernels = KernelTable<Avx2>::of(TQ_AVX2);
    return &kernels;
}

}  // namespace tq
