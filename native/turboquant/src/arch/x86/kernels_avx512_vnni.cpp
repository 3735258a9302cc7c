// AVX-512 VNNI and VBMI at 256 bits: vpdpbusd for products of bytes, vpermb for tables of 32 and 64 entries.
#include "../../kernel_table.hpp"
#include "unpack_avx2.hpp"

namespace tq {
namespace {

template <int BITS>
inline __m256i unpack_vbmi(const uint8_t* codes, const int8_t* table) {
    if constexpr (BITS == 5) {
        const __m256i top = _mm256_and_si256(bits_avx2(codes + 16), _mm256_set1_epi8(16));
        const __m256i index = _mm256_or_si256(nibbles_avx2(codes), top);
        return _mm256_permutexvar_epi8(index, _mm256_load_si256(reinterpret_cast<const __m256i*>(table)));
    } else if constexpr (BITS == 6) {
        const __m256i index = _mm256_or_si256(nibbles_avx2(codes), _mm256_slli_epi16(pairs_avx2(codes + 16), 4));
        const __m256i* entries = reinterpret_cast<const __m256i*>(table);
        return _mm256_permutex2var_epi8(_mm256_load_si256(entries), index, _mm256_load_si256(entries + 1));
    } else {
        return unpack_avx2<BITS>(codes, table);
    }
}

// 128 · Σ of the query's values over one block.
inline int32_t lift_of(const tq_query* query, int head, int offset, int size) {
    int32_t sum = 0;
    for (int part = offset / 64; part < (offset + size) / 64; part++) sum += query->sum[head][part];
    return 128 * sum;
}

template <int BITS>
struct Avx512Vnni {
    static constexpr int kTokens = 1;

    template <int HEADS, int TOKENS>
    static void dot_block(const uint8_t* block, size_t, int size, const tq_query* query, int head, int offset, int32_t (*sums)[HEADS]) {
        __m256i sum[HEADS];
        for (int h = 0; h < HEADS; h++) sum[h] = _mm256_setzero_si256();
        const uint8_t* codes = block + header_bytes(size);
        for (int group = 0; group < size / TQ_GROUP; group++, codes += kGroupBytes<BITS>) {
            const __m256i key = unpack_vbmi<BITS>(codes, Format<BITS>::table(scale_index(block, group)));
            // vpdpbusd takes one factor without a sign: the key plus 128, made good below.
            const __m256i lifted = _mm256_xor_si256(key, _mm256_set1_epi8(-128));
            for (int h = 0; h < HEADS; h++) {
                const int8_t* values = query->values[head + h] + offset + group * TQ_GROUP;
                sum[h] = _mm256_dpbusd_epi32(sum[h], lifted, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
            }
        }
        store_sums_avx2<HEADS>(sum, sums[0]);
        for (int h = 0; h < HEADS; h++) sums[0][h] -= lift_of(query, head + h, offset, size);
    }

    // Four tokens a coordinate. Register i: coordinates 4i..4i+3 in the low half, 16+4i..16+4i+3 in the high half.
    static void interleave(const __m256i* tokens, __m256i* out) {
        const __m256i low01 = _mm256_unpacklo_epi8(tokens[0], tokens[1]), high01 = _mm256_unpackhi_epi8(tokens[0], tokens[1]);
        const __m256i low23 = _mm256_unpacklo_epi8(tokens[2], tokens[3]), high23 = _mm256_unpackhi_epi8(tokens[2], tokens[3]);
        out[0] = _mm256_unpacklo_epi16(low01, low23);
        out[1] = _mm256_unpackhi_epi16(low01, low23);
        out[2] = _mm256_unpacklo_epi16(high01, high23);
        out[3] = _mm256_unpackhi_epi16(high01, high23);
    }

    template <int HEADS>
    static void add_heads(const __m256i (*quads)[4], size_t count, const WeightTile* weights, float* out, size_t out_stride) {
        __m256i sum[HEADS][4] = {};
        for (size_t p = 0; p < count; p++) {
            for (int h = 0; h < HEADS; h++) {
                int32_t quad;
                std::memcpy(&quad, weights[h].values + 4 * p, 4);
                const __m256i w = _mm256_set1_epi32(quad);
                for (int i = 0; i < 4; i++) sum[h][i] = _mm256_dpbusd_epi32(sum[h][i], w, quads[p][i]);
            }
        }
        for (int h = 0; h < HEADS; h++) {
            const float scale = weights[h].scale * Format<BITS>::unit;
            float* target = out + h * out_stride;
            for (int i = 0; i < 4; i += 2) {
                add_scaled_avx2(target + 4 * i, _mm256_permute2x128_si256(sum[h][i], sum[h][i + 1], 0x20), scale);
                add_scaled_avx2(target + 16 + 4 * i, _mm256_permute2x128_si256(sum[h][i], sum[h][i + 1], 0x31), scale);
            }
        }
    }

    static void add_group(const uint8_t* blocks, int block, size_t row_stride, size_t tokens, int group, const WeightTile* weights,
                          int heads, float* out, size_t out_stride) {
        __m256i quads[TQ_TILE / 4][4];
        const size_t codes = header_bytes(block) + static_cast<size_t>(group) * kGroupBytes<BITS>;
        const size_t count = (tokens + 3) / 4;
        for (size_t p = 0; p < count; p++) {
            __m256i steps[4] = {};
            for (size_t t = 0; t < 4 && 4 * p + t < tokens; t++) {
                const uint8_t* row = blocks + (4 * p + t) * row_stride;
                steps[t] = unpack_vbmi<BITS>(row + codes, Format<BITS>::table(scale_index(row, group)));
            }
            interleave(steps, quads[p]);
        }
        int head = 0;
        float* target = out + group * TQ_GROUP;
        for (; head + 2 <= heads; head += 2) add_heads<2>(quads, count, weights + head, target + head * out_stride, out_stride);
        if (head < heads) add_heads<1>(quads, count, weights + head, target + head * out_stride, out_stride);
    }
};

}  // namespace

const tq_kernels* avx512_vnni_kernels() noexcept {
    static constexpr tq_kernels kernels = KernelTable<Avx512Vnni>::of(TQ_AVX512_VNNI);
    return &kernels;
}

}  // namespace tq
