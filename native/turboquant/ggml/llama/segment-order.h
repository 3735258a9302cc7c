// Which channel of a key goes where: the loudest in the first segments of all blocks, with signs that break up what is alike.
#pragma once

#include "calibration-file.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace innerloop {

constexpr int SEGMENTED_BLOCK = 256;

// [size] → the channel at each place. Segment after segment goes to the blocks in turn, so that every block has the same shape.
inline std::vector<uint16_t> segment_order(const std::vector<double> & loudness) {
    std::vector<uint16_t> sorted(loudness.size());
    std::iota(sorted.begin(), sorted.end(), 0);
    std::stable_sort(sorted.begin(), sorted.end(), [&](int a, int b) { return loudness[a] > loudness[b]; });
    const int segments = (int) sorted.size()/SEGMENT;
    const int blocks = std::max(1, (int) sorted.size()/SEGMENTED_BLOCK);
    std::vector<uint16_t> order(sorted.size());
    for (int s = 0; s < segments; s++) {
        const int to = s % blocks*(segments/blocks) + s/blocks;
        std::copy_n(sorted.begin() + s*SEGMENT, SEGMENT, order.begin() + to*SEGMENT);
    }
    return order;
}

// The same on every machine.
inline float segment_sign(int place) {
    uint32_t x = (uint32_t) place*0x9e3779b9u + 0x7f4a7c15u;
    x = (x ^ (x >> 16))*0x85ebca6bu;
    x = (x ^ (x >> 13))*0xc2b2ae35u;
    return (x >> 16) & 1 ? -1.0f : 1.0f;
}

} // namespace innerloop
