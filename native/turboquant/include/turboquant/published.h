// The codec as the papers describe it: rotation, one norm a head, Lloyd–Max codes, and a QJL sign bit for the residual on demand.
// Every part can be chosen, in plain floats: the yardstick for what the engine runs (block.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "turboquant/codebook.h"
#include "turboquant/rotation.h"

namespace tq {

// What multiplies the reconstructed direction y ≈ x/‖x‖ (u: the rotated unit vector, c its centroids).
enum class ScaleKind {
    norm,       // ‖x‖ (TurboQuant, algorithm 1)
    corrected,  // ‖x‖/‖c‖: the reconstruction has the vector's own norm
    eden,       // ‖x‖/⟨u, c⟩: inner products become unbiased (EDEN, arXiv 2108.08842)
};

// One more bit a coordinate for what the codes miss (QJL, arXiv 2406.03482).
enum class ResidualKind {
    none,
    gaussian,    // sign(S r), S Gaussian: √(π/2)/d · ‖r‖ · Sᵀ sign(S r)
    orthogonal,  // S a second signed Hadamard: √(π/(2d)) · ‖r‖ · Sᵀ sign(S r)
};

struct PublishedSpec {
    int head_dim = 128;
    int bits = 4;  // of the codes; the residual's bit comes on top
    RotationKind rotation = RotationKind::signed_hadamard;
    ScaleKind scale = ScaleKind::norm;
    ResidualKind residual = ResidualKind::none;
    uint64_t seed = 1;
};

class PublishedCodec {
  public:
    // Errors: TQ_WRONG_HEAD_DIM (a multiple of 8 is needed, and what the rotation asks), TQ_WRONG_BITS, TQ_OUT_OF_MEMORY.
    static tq_status create(const PublishedSpec& spec, PublishedCodec* out) noexcept;

    // Bytes of one encoded vector: fp16 scale, codes of `bits` bits, then with a residual fp16 ‖r‖ and a sign bit a coordinate.
    size_t vector_bytes() const noexcept;
    const PublishedSpec& spec() const noexcept { return spec_; }

    // [vectors, headDim] → [vectors, vector_bytes]. Error: TQ_NOT_FINITE, and nothing is promised of `out`.
    tq_status encode(const float* in, size_t vectors, uint8_t* out) const noexcept;
    // [vectors, vector_bytes] → [vectors, headDim].
    void reconstruct(const uint8_t* in, size_t vectors, float* out) const noexcept;
    // Inner products of one query with every vector, [headDim] × [vectors, vector_bytes] → [vectors]; the query is not quantized.
    void scores(const float* query, const uint8_t* in, size_t vectors, float* out) const noexcept;

  private:
    void encode_one(const float* x, uint8_t* out) const noexcept;
    void residual_signs(const float* residual, uint8_t* out) const noexcept;
    // The rotated vector, scaled; `sketch` gets ±1 of the residual's signs.
    float unpack(const uint8_t* in, float* rotated, float* sketch) const noexcept;
    void project(const float* in, float* out) const noexcept;
    void project_back(const float* in, float* out) const noexcept;
    float residual_scale() const noexcept;
    size_t code_bytes() const noexcept;

    PublishedSpec spec_;
    Rotation rotation_, sketch_rotation_;
    std::vector<float> gaussian_;    // [headDim, headDim]
    std::vector<float> centroids_;   // for coordinates of a unit vector
    std::vector<float> thresholds_;  // halfway between them
};

}  // namespace tq
