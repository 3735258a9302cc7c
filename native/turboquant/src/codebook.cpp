// Finds Lloyd–Max codebooks by alternating the two conditions of optimality: thresholds halfway between centroids, centroids at
// the mean of their cell.
#include "turboquant/codebook.h"

#include <cmath>

namespace tq {
namespace {

// Five-point Gauss–Legendre: exact to degree 9, used on many small panels.
constexpr double kNodes[5] = {-0.906179845938664, -0.5384693101056831, 0.0, 0.5384693101056831, 0.906179845938664};
constexpr double kWeights[5] = {0.2369268850561891, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.2369268850561891};

struct Moments {
    double mass = 0, first = 0, second = 0;
};

// An unnormalised even density on [-reach, reach].
struct Density {
    int head_dim = 0;  // 0: normal
    double reach = 0;

    double at(double x) const {
        if (head_dim == 0) return std::exp(-0.5 * x * x);
        const double left = 1 - x * x / head_dim;
        return left <= 0 ? 0 : std::pow(left, 0.5 * (head_dim - 3));
    }

    Moments between(double from, double to) const {
        Moments sum;
        const int panels = 1 + static_cast<int>((to - from) * 8);
        const double half = (to - from) / (2 * panels);
        for (int panel = 0; panel < panels; panel++) {
            const double middle = from + half * (2 * panel + 1);
            for (int node = 0; node < 5; node++) {
                const double x = middle + half * kNodes[node];
                const double mass = half * kWeights[node] * at(x);
                sum.mass += mass;
                sum.first += mass * x;
                sum.second += mass * x * x;
            }
        }
        return sum;
    }
};

// One round over the positive half, the other being its mirror. Returns the largest move of a centroid; writes the distortion.
double improve(const Density& density, int half, double* centroids, double* distortion) {
    double moved = 0, error = 0, total = 0, from = 0;
    for (int i = 0; i < half; i++) {
        const double to = i + 1 < half ? (centroids[i] + centroids[i + 1]) / 2 : density.reach;
        const Moments cell = density.between(from, to);
        from = to;
        if (cell.mass <= 0) continue;
        const double mean = cell.first / cell.mass;
        error += cell.second - 2 * mean * cell.first + mean * mean * cell.mass;
        total += cell.mass;
        moved = std::fmax(moved, std::fabs(mean - centroids[i]));
        centroids[i] = mean;
    }
    *distortion = error / total;
    return moved;
}

tq_status solve(const Density& density, int bits, Codebook* out) {
    if (bits < 1 || bits > kMaxBits) return TQ_WRONG_BITS;
    const int half = 1 << (bits - 1);
    double centroids[1 << (kMaxBits - 1)];
    for (int i = 0; i < half; i++) centroids[i] = 3.0 * (i + 0.5) / half;
    double distortion = 0;
    // The rate of convergence falls with the number of levels; 64 of them are still within 1e-7 after this.
    for (int round = 0; round < 20000; round++) {
        if (improve(density, half, centroids, &distortion) < 1e-9) break;
    }
    out->bits = bits;
    out->distortion = distortion;
    for (int i = 0; i < half; i++) {
        out->centroids[half + i] = centroids[i];
        out->centroids[half - 1 - i] = -centroids[i];
    }
    return TQ_OK;
}

}  // namespace

tq_status normal_codebook(int bits, Codebook* out) noexcept {
    return solve(Density{0, 9.0}, bits, out);
}

tq_status sphere_codebook(int bits, int head_dim, Codebook* out) noexcept {
    if (head_dim < 3 || head_dim > 65536) return TQ_WRONG_HEAD_DIM;
    // Beyond nine deviations there is no mass that a double could see.
    return solve(Density{head_dim, std::fmin(std::sqrt(static_cast<double>(head_dim)), 9.0)}, bits, out);
}

}  // namespace tq
