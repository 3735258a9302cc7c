// The weights of one query row for the tokens of a tile, rounded to bytes of a share of the largest among them.
#pragma once

#include "simd.h"

#include <cmath>
#include <cstdint>

namespace innerloop {

// The tile sizes of all architectures.
constexpr int MOST_TOKENS = 64;

// Bytes, and what one of them stands for.
struct byte_weights {
    uint8_t values[MOST_TOKENS];
    float unit;
};

#if defined(__AVX512BW__) && defined(__AVX512VNNI__)

constexpr float LARGEST_WEIGHT = 255;

inline void round_weights(const float * weights, simd::vec inverse, const float * scales, uint8_t * out) {
    const __m512i whole = _mm512_cvtps_epu32(simd::mul(simd::mul(simd::load(weights), simd::load(scales)), inverse));
    _mm_storeu_si128((__m128i *) out, _mm512_cvtusepi32_epi8(whole));
}

#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD)

// Signed, as the values are: an A76 has no product of the two.
constexpr float LARGEST_WEIGHT = 127;

inline void round_weights(const float * weights, simd::vec inverse, const float * scales, uint8_t * out) {
    const uint32x4_t whole = vcvtnq_u32_f32(simd::mul(simd::mul(simd::load(weights), simd::load(scales)), inverse));
    const uint16x4_t half = vqmovn_u32(whole);
    const uint8x8_t bytes = vqmovn_u16(vcombine_u16(half, half));
    vst1_lane_u32((uint32_t *) out, vreinterpret_u32_u8(bytes), 0);
}

#else

constexpr float LARGEST_WEIGHT = 255;

inline void round_weights(const float * weights, simd::vec inverse, const float * scales, uint8_t * out) {
    float shares[simd::LANES];
    simd::store(shares, simd::mul(simd::mul(simd::load(weights), simd::load(scales)), inverse));
    for (int i = 0; i < simd::LANES; i++) {
        out[i] = (uint8_t) std::nearbyint(shares[i]);
    }
}

#endif

// weights · scales, both ≥ 0, of `tokens` tokens: a multiple of the vector's length.
inline void quantize_weights(int tokens, const float * weights, const float * scales, byte_weights & out) {
    simd::vec greatest = simd::zero();
    for (int t = 0; t < tokens; t += simd::LANES) {
        greatest = simd::max(greatest, simd::mul(simd::load(weights + t), simd::load(scales + t)));
    }
    const float top = simd::largest(greatest);
    const simd::vec inverse = simd::set1(top > 0 ? LARGEST_WEIGHT/top : 0.0f);
    for (int t = 0; t < tokens; t += simd::LANES) {
        round_weights(weights + t, inverse, scales + t, out.values + t);
    }
    out.unit = top/LARGEST_WEIGHT;
}

} // namespace innerloop
