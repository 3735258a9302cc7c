// One group of coordinates to codes: every scale is tried, and that of least squared error kept.
//
// Included by files that are compiled once, for every machine alike.
#pragma once

#include <cstdlib>

#include "block_format.hpp"

namespace tq {
namespace {

constexpr int kScales = 16;
// Half steps that int8 has; thresholds between int8 levels lie on half steps, so a floor to half steps finds the nearest level.
constexpr int kHalfSteps = 512;

// For every half step and scale, the nearest code and its step: the scales of one half step side by side, to be tried together.
template <int BITS>
struct NearestCodes {
    uint8_t code[kHalfSteps][kScales];
    float step[kHalfSteps][kScales];

    NearestCodes() noexcept {
        for (int at = 0; at < kHalfSteps; at++) {
            const int middle = 2 * (at - kHalfSteps / 2) + 1;  // of the interval, in quarter steps
            for (int scale = 0; scale < kScales; scale++) {
                const int8_t* table = Format<BITS>::table(scale);
                int best = 0;
                for (int code = 1; code < 1 << BITS; code++) {
                    if (std::abs(4 * table[code] - middle) < std::abs(4 * table[best] - middle)) best = code;
                }
                code[at][scale] = static_cast<uint8_t>(best);
                step[at][scale] = table[best];
            }
        }
    }
};

template <int BITS>
const NearestCodes<BITS>& nearest_codes() noexcept {
    static const NearestCodes<BITS> codes;
    return codes;
}

// Truncation of a number that is not negative is its floor, without a call.
inline int half_step_of(float steps) noexcept {
    const float shifted = 2 * steps + kHalfSteps / 2;
    const float bounded = shifted < 0 ? 0 : shifted > kHalfSteps - 1 ? kHalfSteps - 1 : shifted;
    return static_cast<int>(bounded);
}

// [TQ_GROUP] coordinates in int8 steps → codes; the index of the scale with the least squared error.
template <int BITS>
unsigned encode_group(const NearestCodes<BITS>& nearest, const float* steps, uint8_t* codes) noexcept {
    int at[TQ_GROUP];
    float error[kScales] = {};
    for (int i = 0; i < TQ_GROUP; i++) {
        at[i] = half_step_of(steps[i]);
        const float* step = nearest.step[at[i]];
        // Unrolled whole, gcc 12 no longer sees that four scales fit a register.
#pragma GCC unroll 1
        for (int scale = 0; scale < kScales; scale++) {
            const float miss = steps[i] - step[scale];
            error[scale] += miss * miss;
        }
    }
    unsigned best = 0;
    for (unsigned scale = 1; scale < kScales; scale++) {
        if (error[scale] < error[best]) best = scale;
    }
    for (int i = 0; i < TQ_GROUP; i++) codes[i] = nearest.code[at[i]][best];
    return best;
}

}  // namespace
}  // namespace tq
