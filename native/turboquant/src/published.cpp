// TurboQuant as published (arXiv 2504.19874, algorithms 1 and 2), with the scales of EDEN as alternatives.
#include "turboquant/published.h"

#include <cmath>
#include <cstring>
#include <new>

#include "half.hpp"

namespace tq {
namespace {

// The residual's sketch must not be the rotation itself.
constexpr uint64_t kSketchSeed = 0x51a7c0de;

void store_half(uint8_t* out, float value) {
    const uint16_t half = float_to_half(value);
    std::memcpy(out, &half, 2);
}

float load_half(const uint8_t* in) {
    uint16_t half;
    std::memcpy(&half, in, 2);
    return half_to_float(half);
}

// Little-endian stream of `bits`-wide codes.
void put_code(uint8_t* out, size_t index, int bits, unsigned code) {
    for (int bit = 0; bit < bits; bit++) {
        const size_t at = index * bits + bit;
        out[at / 8] |= static_cast<uint8_t>(((code >> bit) & 1u) << (at % 8));
    }
}

unsigned get_code(const uint8_t* in, size_t index, int bits) {
    unsigned code = 0;
    for (int bit = 0; bit < bits; bit++) {
        const size_t at = index * bits + bit;
        code |= ((in[at / 8] >> (at % 8)) & 1u) << bit;
    }
    return code;
}

bool is_finite(const float* x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!std::isfinite(x[i])) return false;
    }
    return true;
}

double norm_of(const float* x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += static_cast<double>(x[i]) * x[i];
    return std::sqrt(sum);
}

float scale_of(ScaleKind kind, double norm, const float* unit, const float* coded, int n) {
    if (kind == ScaleKind::norm) return static_cast<float>(norm);
    double cross = 0;
    for (int i = 0; i < n; i++) cross += static_cast<double>(unit[i]) * coded[i];
    const double length = kind == ScaleKind::eden ? cross : norm_of(coded, n);
    return static_cast<float>(norm / length);
}

}  // namespace

tq_status PublishedCodec::create(const PublishedSpec& spec, PublishedCodec* out) noexcept {
    const int n = spec.head_dim;
    if (n < 8 || n > kMaxHeadDim || n % 8 != 0) return TQ_WRONG_HEAD_DIM;
    Codebook book;
    if (const tq_status status = sphere_codebook(spec.bits, n, &book); status != TQ_OK) return status;
    if (const tq_status status = Rotation::create(spec.rotation, n, spec.seed, &out->rotation_); status != TQ_OK) return status;
    if (spec.residual == ResidualKind::orthogonal) {
        const tq_status status = Rotation::create(RotationKind::signed_hadamard, n, spec.seed ^ kSketchSeed, &out->sketch_rotation_);
        if (status != TQ_OK) return status;
    }
    try {
        out->spec_ = spec;
        out->centroids_.clear();
        out->thresholds_.clear();
        out->gaussian_.clear();
        const int levels = 1 << spec.bits;
        const double unit = 1 / std::sqrt(static_cast<double>(n));
        for (int i = 0; i < levels; i++) out->centroids_.push_back(static_cast<float>(book.centroids[i] * unit));
        for (int i = 0; i + 1 < levels; i++) out->thresholds_.push_back((out->centroids_[i] + out->centroids_[i + 1]) / 2);
        if (spec.residual == ResidualKind::gaussian) {
            Random random(spec.seed ^ kSketchSeed);
            out->gaussian_.resize(static_cast<size_t>(n) * n);
            for (float& value : out->gaussian_) value = static_cast<float>(random.normal());
        }
    } catch (const std::bad_alloc&) {
        return TQ_OUT_OF_MEMORY;
    }
    return TQ_OK;
}

size_t PublishedCodec::code_bytes() const noexcept {
    return static_cast<size_t>(spec_.head_dim) * spec_.bits / 8;
}

size_t PublishedCodec::vector_bytes() const noexcept {
    const size_t residual = spec_.residual == ResidualKind::none ? 0 : 2 + static_cast<size_t>(spec_.head_dim) / 8;
    return 2 + code_bytes() + residual;
}

float PublishedCodec::residual_scale() const noexcept {
    const float n = static_cast<float>(spec_.head_dim);
    const float half_pi = static_cast<float>(M_PI / 2);
    return spec_.residual == ResidualKind::gaussian ? std::sqrt(half_pi) / n : std::sqrt(half_pi / n);
}

void PublishedCodec::project(const float* in, float* out) const noexcept {
    if (spec_.residual == ResidualKind::orthogonal) return sketch_rotation_.apply(in, out);
    const int n = spec_.head_dim;
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int j = 0; j < n; j++) sum += gaussian_[static_cast<size_t>(i) * n + j] * in[j];
        out[i] = sum;
    }
}

void PublishedCodec::project_back(const float* in, float* out) const noexcept {
    if (spec_.residual == ResidualKind::orthogonal) return sketch_rotation_.invert(in, out);
    const int n = spec_.head_dim;
    for (int j = 0; j < n; j++) out[j] = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) out[j] += gaussian_[static_cast<size_t>(i) * n + j] * in[i];
    }
}

tq_status PublishedCodec::encode(const float* in, size_t vectors, uint8_t* out) const noexcept {
    if (!is_finite(in, vectors * spec_.head_dim)) return TQ_NOT_FINITE;
    std::memset(out, 0, vectors * vector_bytes());
    for (size_t i = 0; i < vectors; i++) encode_one(in + i * spec_.head_dim, out + i * vector_bytes());
    return TQ_OK;
}

void PublishedCodec::encode_one(const float* x, uint8_t* out) const noexcept {
    const int n = spec_.head_dim;
    const double norm = norm_of(x, n);
    if (norm == 0) return;  // all bytes zero: a scale of zero
    float unit[kMaxHeadDim], rotated[kMaxHeadDim], coded[kMaxHeadDim];
    for (int i = 0; i < n; i++) unit[i] = static_cast<float>(x[i] / norm);
    rotation_.apply(unit, rotated);
    for (int i = 0; i < n; i++) {
        unsigned code = 0;
        for (const float threshold : thresholds_) code += rotated[i] >= threshold;
        put_code(out + 2, i, spec_.bits, code);
        coded[i] = centroids_[code];
    }
    store_half(out, scale_of(spec_.scale, norm, rotated, coded, n));
    if (spec_.residual == ResidualKind::none) return;
    const float scale = load_half(out);
    for (int i = 0; i < n; i++) rotated[i] = static_cast<float>(rotated[i] * norm) - scale * coded[i];
    residual_signs(rotated, out + 2 + code_bytes());
}

void PublishedCodec::residual_signs(const float* residual, uint8_t* out) const noexcept {
    const int n = spec_.head_dim;
    float projected[kMaxHeadDim];
    project(residual, projected);
    store_half(out, static_cast<float>(norm_of(residual, n)));
    for (int i = 0; i < n; i++) put_code(out + 2, i, 1, projected[i] >= 0);
}

float PublishedCodec::unpack(const uint8_t* in, float* rotated, float* sketch) const noexcept {
    const int n = spec_.head_dim;
    const float scale = load_half(in);
    for (int i = 0; i < n; i++) rotated[i] = scale * centroids_[get_code(in + 2, i, spec_.bits)];
    if (spec_.residual == ResidualKind::none) return 0;
    const uint8_t* residual = in + 2 + code_bytes();
    for (int i = 0; i < n; i++) sketch[i] = get_code(residual + 2, i, 1) ? 1.0f : -1.0f;
    return residual_scale() * load_half(residual);
}

void PublishedCodec::reconstruct(const uint8_t* in, size_t vectors, float* out) const noexcept {
    const int n = spec_.head_dim;
    float rotated[kMaxHeadDim], sketch[kMaxHeadDim], residual[kMaxHeadDim];
    for (size_t v = 0; v < vectors; v++) {
        const float gain = unpack(in + v * vector_bytes(), rotated, sketch);
        if (spec_.residual != ResidualKind::none) {
            project_back(sketch, residual);
            for (int i = 0; i < n; i++) rotated[i] += gain * residual[i];
        }
        rotation_.invert(rotated, out + v * n);
    }
}

void PublishedCodec::scores(const float* query, const uint8_t* in, size_t vectors, float* out) const noexcept {
    const int n = spec_.head_dim;
    float turned[kMaxHeadDim], projected[kMaxHeadDim], rotated[kMaxHeadDim], sketch[kMaxHeadDim];
    rotation_.apply(query, turned);
    if (spec_.residual != ResidualKind::none) project(turned, projected);
    for (size_t v = 0; v < vectors; v++) {
        const float gain = unpack(in + v * vector_bytes(), rotated, sketch);
        double sum = 0;
        for (int i = 0; i < n; i++) sum += static_cast<double>(turned[i]) * rotated[i];
        double rest = 0;
        if (spec_.residual != ResidualKind::none) {
            for (int i = 0; i < n; i++) rest += static_cast<double>(projected[i]) * sketch[i];
        }
        out[v] = static_cast<float>(sum + gain * rest);
    }
}

}  // namespace tq
