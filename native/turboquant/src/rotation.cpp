// Random signs with a Hadamard transform, and a dense Haar matrix to compare it with.
#include "turboquant/rotation.h"

#include <cmath>
#include <new>

#include "turboquant/codebook.h"

namespace tq {

void hadamard(float* x, int n) noexcept {
    for (int half = 1; half < n; half *= 2) {
        for (int start = 0; start < n; start += 2 * half) {
            for (int i = start; i < start + half; i++) {
                const float a = x[i], b = x[i + half];
                x[i] = a + b;
                x[i + half] = a - b;
            }
        }
    }
    const float scale = 1.0f / std::sqrt(static_cast<float>(n));
    for (int i = 0; i < n; i++) x[i] *= scale;
}

uint64_t Random::bits() noexcept {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double Random::uniform() noexcept {
    return static_cast<double>(bits() >> 11) * 0x1p-53;
}

double Random::normal() noexcept {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * M_PI * uniform());
}

namespace {

// Gram–Schmidt on a Gaussian matrix, each row cleaned twice: QR with a positive diagonal, hence Haar distributed.
void fill_haar(Random& random, int n, std::vector<float>& matrix) {
    std::vector<double> rows(static_cast<size_t>(n) * n);
    for (double& value : rows) value = random.normal();
    for (int i = 0; i < n; i++) {
        double* row = &rows[static_cast<size_t>(i) * n];
        for (int pass = 0; pass < 2; pass++) {
            for (int j = 0; j < i; j++) {
                const double* other = &rows[static_cast<size_t>(j) * n];
                double dot = 0;
                for (int k = 0; k < n; k++) dot += row[k] * other[k];
                for (int k = 0; k < n; k++) row[k] -= dot * other[k];
            }
        }
        double norm = 0;
        for (int k = 0; k < n; k++) norm += row[k] * row[k];
        for (int k = 0; k < n; k++) row[k] /= std::sqrt(norm);
    }
    matrix.assign(rows.begin(), rows.end());
}

}  // namespace

tq_status Rotation::create(RotationKind kind, int head_dim, uint64_t seed, Rotation* out) noexcept {
    if (head_dim < 2 || head_dim > kMaxHeadDim) return TQ_WRONG_HEAD_DIM;
    const bool is_power = (head_dim & (head_dim - 1)) == 0;
    if (kind == RotationKind::signed_hadamard && !is_power) return TQ_WRONG_HEAD_DIM;
    try {
        Random random(seed);
        out->kind_ = kind;
        out->head_dim_ = head_dim;
        out->signs_.clear();
        out->matrix_.clear();
        if (kind == RotationKind::haar) {
            fill_haar(random, head_dim, out->matrix_);
        } else {
            for (int i = 0; i < head_dim; i++) out->signs_.push_back(random.bits() >> 63 ? 1.0f : -1.0f);
        }
    } catch (const std::bad_alloc&) {
        return TQ_OUT_OF_MEMORY;
    }
    return TQ_OK;
}

void Rotation::apply(const float* in, float* out) const noexcept {
    const int n = head_dim_;
    if (kind_ == RotationKind::signed_hadamard) {
        for (int i = 0; i < n; i++) out[i] = in[i] * signs_[i];
        return hadamard(out, n);
    }
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int j = 0; j < n; j++) sum += matrix_[static_cast<size_t>(i) * n + j] * in[j];
        out[i] = sum;
    }
}

void Rotation::invert(const float* in, float* out) const noexcept {
    const int n = head_dim_;
    if (kind_ == RotationKind::signed_hadamard) {
        for (int i = 0; i < n; i++) out[i] = in[i];
        hadamard(out, n);
        for (int i = 0; i < n; i++) out[i] *= signs_[i];
        return;
    }
    for (int i = 0; i < n; i++) out[i] = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) out[j] += matrix_[static_cast<size_t>(i) * n + j] * in[i];
    }
}

}  // namespace tq
