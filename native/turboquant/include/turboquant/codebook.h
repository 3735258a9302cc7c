// Lloyd–Max codebooks: the scalar quantizers of least mean squared error for a known distribution.
#pragma once

#include "turboquant/status.h"

namespace tq {

inline constexpr int kMaxBits = 6;
inline constexpr int kMaxHeadDim = 512;

struct Codebook {
    int bits = 0;
    // 2^bits of them, ascending and symmetric about zero, for coordinates of variance 1.
    double centroids[1 << kMaxBits] = {};
    // E (x - Q(x))² of one coordinate.
    double distortion = 0;
};

// For a standard normal coordinate. Error: TQ_WRONG_BITS.
tq_status normal_codebook(int bits, Codebook* out) noexcept;

// For √d times a coordinate of a point spread evenly over the unit sphere of R^d, 3 ≤ d ≤ 65536: density ∝ (1 - x²/d)^((d-3)/2)
// (TurboQuant, arXiv 2504.19874, Lemma 1). Errors: TQ_WRONG_BITS, TQ_WRONG_HEAD_DIM.
tq_status sphere_codebook(int bits, int head_dim, Codebook* out) noexcept;

}  // namespace tq
