// Codes to int8 steps with AVX-512 VBMI: two groups at once, whose tables lie side by side in the lanes that look them up.
#pragma once

#include <immintrin.h>

#include "../../block_format.hpp"

namespace tq {
namespace {

// Lanes a a b b of sixteen bytes.
inline __m512i lanes_aabb(const void* a, const void* b) {
    const __m512i both = _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(a)));
    return _mm512_mask_broadcast_i32x4(both, 0xff00, _mm_loadu_si128(static_cast<const __m128i*>(b)));
}

inline __m512i halves_ab(const void* a, const void* b) {
    const __m512i low = _mm512_castsi256_si512(_mm256_loadu_si256(static_cast<const __m256i*>(a)));
    return _mm512_inserti64x4(low, _mm256_loadu_si256(static_cast<const __m256i*>(b)), 1);
}

inline __m512i nibbles_avx512(const uint8_t* a, const uint8_t* b) {
    const __m512i shifts = _mm512_maskz_set1_epi64(0xcc, 0x0004000400040004);
    return _mm512_and_si512(_mm512_srlv_epi16(lanes_aabb(a, b), shifts), _mm512_set1_epi8(15));
}

// The 2-bit planes of two groups, in bits 0 and 1 of a byte.
inline __m512i pairs_avx512(const uint8_t* a, const uint8_t* b) {
    int64_t first, second;
    std::memcpy(&first, a, 8);
    std::memcpy(&second, b, 8);
    const __m512i planes = _mm512_mask_set1_epi64(_mm512_set1_epi64(first), 0xf0, second);
    const __m512i shifted = _mm512_srlv_epi64(planes, _mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6));
    return _mm512_and_si512(shifted, _mm512_set1_epi8(3));
}

// `mark` added where the bit of the 1-bit planes is set.
inline __m512i add_bits_avx512(__m512i codes, const uint8_t* a, const uint8_t* b, char mark) {
    uint32_t first, second;
    std::memcpy(&first, a, 4);
    std::memcpy(&second, b, 4);
    const __mmask64 bits = first | static_cast<uint64_t>(second) << 32;
    return _mm512_mask_add_epi8(codes, bits, codes, _mm512_set1_epi8(mark));
}

// Four bits need no lane but their own: half the work of wide registers, whose lanes would have to be filled twice.
inline void store_nibble_steps(const uint8_t* codes, const int8_t* first, const int8_t* second, int8_t* out) {
    const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    const __m256i tables = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(first))),
                                                   _mm_load_si128(reinterpret_cast<const __m128i*>(second)), 1);
    const __m256i mask = _mm256_set1_epi8(15);
    const __m256i low = _mm256_shuffle_epi8(tables, _mm256_and_si256(packed, mask));
    const __m256i high = _mm256_shuffle_epi8(tables, _mm256_and_si256(_mm256_srli_epi16(packed, 4), mask));
    __m128i* to = reinterpret_cast<__m128i*>(out);
    _mm_storeu_si128(to, _mm256_castsi256_si128(low));
    _mm_storeu_si128(to + 1, _mm256_castsi256_si128(high));
    _mm_storeu_si128(to + 2, _mm256_extracti128_si256(low, 1));
    _mm_storeu_si128(to + 3, _mm256_extracti128_si256(high, 1));
}

// Two neighbouring groups' steps, coordinate i in byte i of out.
template <int BITS>
inline void store_steps_avx512(const uint8_t* codes, const int8_t* first, const int8_t* second, int8_t* out) {
    const uint8_t* next = codes + kGroupBytes<BITS>;
    if constexpr (BITS == 3) {
        const __m512i index = add_bits_avx512(pairs_avx512(codes, next), codes + 8, next + 8, 4);
        _mm512_storeu_si512(out, _mm512_shuffle_epi8(lanes_aabb(first, second), index));
    } else if constexpr (BITS == 4) {
        store_nibble_steps(codes, first, second, out);
    } else if constexpr (BITS == 5) {
        const __m512i index = add_bits_avx512(nibbles_avx512(codes, next), codes + 16, next + 16, 16);
        // The second group looks up the second half of a table of 64.
        const __m512i shifted = _mm512_or_si512(index, _mm512_maskz_set1_epi64(0xf0, 0x2020202020202020));
        _mm512_storeu_si512(out, _mm512_permutexvar_epi8(shifted, halves_ab(first, second)));
    } else {
        const __m512i index = _mm512_or_si512(nibbles_avx512(codes, next), _mm512_slli_epi16(pairs_avx512(codes + 16, next + 16), 4));
        const __m512i steps = _mm512_permutexvar_epi8(index, _mm512_loadu_si512(first));
        _mm512_storeu_si512(out, _mm512_mask_permutexvar_epi8(steps, 0xffffffff00000000, index, _mm512_loadu_si512(second)));
    }
}

}  // namespace
}  // namespace tq
