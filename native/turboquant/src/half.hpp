// IEEE half precision in plain integers, the same on every machine: norms are stored so.
#pragma once

#include <cstdint>
#include <cstring>

namespace tq {
// Local to each file: see src/block_format.hpp.
namespace {

[[maybe_unused]] inline float half_to_float(uint16_t half) noexcept {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t magnitude = half & 0x7fffu;
    uint32_t bits;
    if (magnitude >= 0x0400u) {
        bits = (magnitude << 13) + 0x38000000u;  // infinities never occur: encode saturates
    } else {
        // Subnormal: magnitude · 2^-24, exact in a float.
        const float value = static_cast<float>(magnitude) * 0x1p-24f;
        std::memcpy(&bits, &value, 4);
    }
    bits |= sign;
    float out;
    std::memcpy(&out, &bits, 4);
    return out;
}

// Rounds to nearest even; values beyond 65504 saturate. The input is not NaN.
[[maybe_unused]] inline uint16_t float_to_half(float value) noexcept {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
    const float magnitude = value < 0 ? -value : value;
    if (magnitude >= 65504.0f) return sign | 0x7bffu;
    if (magnitude < 0x1p-14f) {
        // Adding a number whose last bit weighs 2^-24 rounds for us.
        const float shifted = magnitude + 0.5f;
        uint32_t raw;
        std::memcpy(&raw, &shifted, 4);
        return sign | static_cast<uint16_t>(raw - 0x3f000000u);
    }
    bits &= 0x7fffffffu;
    const uint32_t odd = (bits >> 13) & 1u;
    return sign | static_cast<uint16_t>((bits + 0xfffu + odd - 0x38000000u) >> 13);
}

}  // namespace
}  // namespace tq
