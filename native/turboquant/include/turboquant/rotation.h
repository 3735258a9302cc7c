// Random orthogonal maps: what makes every coordinate of a vector look like a normal one.
#pragma once

#include <cstdint>
#include <vector>

#include "turboquant/status.h"

namespace tq {

// In place, orthonormal (its own inverse); n a power of two.
void hadamard(float* x, int n) noexcept;

// Splitmix64: the same numbers on every machine.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t bits() noexcept;
    double uniform() noexcept;  // [0, 1)
    double normal() noexcept;   // Box–Muller, one of the pair

  private:
    uint64_t state_;
};

enum class RotationKind {
    signed_hadamard,  // random signs, then Hadamard: n log n
    haar,             // dense, uniform over the orthogonal group: the reference
};

class Rotation {
  public:
    // headDim 2..512; a power of two for signed_hadamard. Errors: TQ_WRONG_HEAD_DIM, TQ_OUT_OF_MEMORY.
    static tq_status create(RotationKind kind, int head_dim, uint64_t seed, Rotation* out) noexcept;

    // [headDim] → [headDim]; in and out may not overlap.
    void apply(const float* in, float* out) const noexcept;
    void invert(const float* in, float* out) const noexcept;

  private:
    RotationKind kind_ = RotationKind::signed_hadamard;
    int head_dim_ = 0;
    std::vector<float> signs_;   // [headDim]
    std::vector<float> matrix_;  // [headDim, headDim], rows orthonormal
};

}  // namespace tq
