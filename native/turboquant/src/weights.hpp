// Shared by the kernels that sum values: a tile of weights as bytes, the same on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block_format.hpp"

namespace tq {
namespace {

// Weights of one head for one block of up to TQ_TILE tokens, times the tokens' rms.
struct WeightTile {
    // Zero beyond the last token.
    alignas(64) uint8_t values[TQ_TILE];
    float scale;  // of one step
    int32_t sum;
};

// `rms`: [tokens] of the block at hand.
[[maybe_unused]] inline void quantize_weights(const float* weights, const float* rms, size_t tokens, WeightTile* out) noexcept {
    float scaled[TQ_TILE] = {};
    float largest = 0;
    for (size_t t = 0; t < tokens; t++) {
        scaled[t] = weights[t] * rms[t];
        if (scaled[t] > largest) largest = scaled[t];
    }
    const float to_steps = largest > 0 ? 255 / largest : 0;
    out->scale = largest / 255;
    out->sum = 0;
    for (size_t t = 0; t < TQ_TILE; t++) {
        out->values[t] = static_cast<uint8_t>(scaled[t] * to_steps + 0.5f);
        out->sum += out->values[t];
    }
}

}  // namespace
}  // namespace tq
