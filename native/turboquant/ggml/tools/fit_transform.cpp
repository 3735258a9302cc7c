#include "fit_transform.h"

#include "../llama/segment-order.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kv {
namespace {

// A channel that hardly moves would otherwise get an endless scale.
constexpr double SMALLEST_SHARE = 1e-4;

double mean_of(const std::vector<double> & values) {
    return std::accumulate(values.begin(), values.end(), 0.0)/values.size();
}

struct moments {
    std::vector<double> mean, key_energy, query_energy;
    const head_statistics & all;

    explicit moments(const head_statistics & s) : mean(s.size), key_energy(s.size), query_energy(s.size), all(s) {
        for (int i = 0; i < s.size; i++) {
            mean[i] = s.key_sum[i]/s.keys;
            key_energy[i] = s.key_products[(size_t) i*s.size + i]/s.keys;
            query_energy[i] = s.query_energy[i]/s.queries;
        }
        const double least_key = SMALLEST_SHARE*mean_of(key_energy), least_query = SMALLEST_SHARE*mean_of(query_energy);
        for (int i = 0; i < s.size; i++) {
            key_energy[i] += least_key - mean[i]*mean[i];
            query_energy[i] += least_query;
        }
    }

    double covariance(int i, int j) const {
        return all.key_products[(size_t) std::max(i, j)*all.size + std::min(i, j)]/all.keys - mean[i]*mean[j];
    }
};

float hadamard(int row, int column) {
    return (__builtin_popcount(row & column) & 1 ? -1.0f : 1.0f)/std::sqrt((float) innerloop::SEGMENT);
}

// Of coordinate j behind the Hadamard matrix of its segment.
double variance(const moments & m, const innerloop::head_transform & t, int first, int j) {
    double sum = 0;
    for (int a = 0; a < innerloop::SEGMENT; a++) {
        for (int b = 0; b < innerloop::SEGMENT; b++) {
            sum += hadamard(j, a)*hadamard(j, b)*t.scale[first + a]*t.scale[first + b]*m.covariance(t.order[first + a], t.order[first + b]);
        }
    }
    return sum;
}

} // namespace

innerloop::head_transform fit_transform(const head_statistics & statistics) {
    const moments m(statistics);
    const int size = statistics.size;
    std::vector<double> loudness(size);
    for (int i = 0; i < size; i++) {
        loudness[i] = m.key_energy[i]*m.query_energy[i];
    }
    innerloop::head_transform t;
    t.order = innerloop::segment_order(loudness);
    for (int i = 0; i < size; i++) {
        const int channel = t.order[i];
        t.mean.push_back((float) m.mean[channel]);
        t.scale.push_back(innerloop::segment_sign(i)*(float) std::pow(m.query_energy[channel]/m.key_energy[channel], 0.25));
    }
    for (int i = 0; i < size; i++) {
        const int first = i/innerloop::SEGMENT*innerloop::SEGMENT;
        double scale_energy = 0;
        for (int a = 0; a < innerloop::SEGMENT; a++) {
            scale_energy += (double) t.scale[first + a]*t.scale[first + a]*m.key_energy[t.order[first + a]]/innerloop::SEGMENT;
        }
        t.gain.push_back((float) (1/std::sqrt(std::max(variance(m, t, first, i - first), 1e-3*scale_energy))));
    }
    return t;
}

} // namespace kv
