// The codes of segments to int8 values with AVX2: what unpack_avx2.hpp has no width for.
#pragma once

#include "../../segment_format.hpp"
#include "unpack_avx2.hpp"

namespace tq {
namespace {

template <int BITS>
inline void unpack_segment_avx2(const uint8_t* codes, int8_t* values) noexcept {
    __m256i steps;
    if constexpr (BITS == 8) {
        steps = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    } else if constexpr (BITS == 7) {
        const __m256i pair = _mm256_slli_epi16(pairs_avx2(codes + 16), 4);
        const __m256i bit = _mm256_and_si256(bits_avx2(codes + 24), _mm256_set1_epi8(64));
        const __m256i code = _mm256_or_si256(_mm256_or_si256(nibbles_avx2(codes), pair), bit);
        steps = _mm256_sub_epi8(_mm256_add_epi8(code, code), _mm256_set1_epi8(127));
    } else if constexpr (BITS == 2) {
        steps = lookup_avx2(segment_table<2>(), pairs_avx2(codes));
    } else {
        steps = unpack_avx2<BITS>(codes, segment_table<BITS>());
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), steps);
}

}  // namespace
}  // namespace tq
