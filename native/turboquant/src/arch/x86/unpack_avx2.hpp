// Codes to int8 steps with AVX2: the planes of a group side by side in one register, one shuffle for every sixteen table entries.
#pragma once

#include <immintrin.h>

#include "../../block_format.hpp"

namespace tq {
namespace {

inline __m256i nibbles_avx2(const uint8_t* in) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(low, 4), low), _mm256_set1_epi8(15));
}

inline __m256i pairs_avx2(const uint8_t* in) {
    int64_t plane;
    std::memcpy(&plane, in, 8);
    return _mm256_and_si256(_mm256_srlv_epi64(_mm256_set1_epi64x(plane), _mm256_setr_epi64x(0, 2, 4, 6)), _mm256_set1_epi8(3));
}

// All bits of a byte set where the plane's bit is.
inline __m256i bits_avx2(const uint8_t* in) {
    int32_t plane;
    std::memcpy(&plane, in, 4);
    const __m256i spread = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i masks = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    return _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(plane), spread), masks), masks);
}

inline __m256i lookup_avx2(const int8_t* table, __m256i index) {
    const __m128i entries = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), index);
}

// The group's steps, coordinate i in byte i.
template <int BITS>
inline __m256i unpack_avx2(const uint8_t* codes, const int8_t* table) {
    if constexpr (BITS == 3) {
        const __m256i top = _mm256_and_si256(bits_avx2(codes + 8), _mm256_set1_epi8(4));
        return lookup_avx2(table, _mm256_or_si256(pairs_avx2(codes), top));
    } else if constexpr (BITS == 4) {
        return lookup_avx2(table, nibbles_avx2(codes));
    } else if constexpr (BITS == 5) {
        const __m256i low = nibbles_avx2(codes);
        return _mm256_blendv_epi8(lookup_avx2(table, low), lookup_avx2(table + 16, low), bits_avx2(codes + 16));
    } else {
        const __m256i low = nibbles_avx2(codes);
        // The pair's bits into the sign of a byte, which is what a blend looks at.
        const __m256i pair = pairs_avx2(codes + 16);
        const __m256i odd = _mm256_slli_epi16(pair, 7), upper = _mm256_slli_epi16(pair, 6);
        const __m256i first = _mm256_blendv_epi8(lookup_avx2(table, low), lookup_avx2(table + 16, low), odd);
        const __m256i second = _mm256_blendv_epi8(lookup_avx2(table + 32, low), lookup_avx2(table + 48, low), odd);
        return _mm256_blendv_epi8(first, second, upper);
    }
}

inline int32_t sum_avx2(__m256i x) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_cvtsi128_si32(sum);
}

// Eight registers to their eight sums by a tree: a register at a time would cost a third of a kernel's whole time.
inline __m256i sums_of_eight_avx2(const __m256i* x) {
    const __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(x[0], x[1]), _mm256_hadd_epi32(x[2], x[3]));
    const __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(x[4], x[5]), _mm256_hadd_epi32(x[6], x[7]));
    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

template <int HEADS>
inline void store_sums_avx2(const __m256i* x, int32_t* out) {
    if constexpr (HEADS == 8) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), sums_of_eight_avx2(x));
    } else {
        for (int h = 0; h < HEADS; h++) out[h] = sum_avx2(x[h]);
    }
}

inline void add_scaled_avx2(float* out, __m256i sum, float scale) {
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(scale));
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), product));
}

}  // namespace
}  // namespace tq
