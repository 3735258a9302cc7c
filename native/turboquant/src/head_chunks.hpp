// Splits any number of query heads into the counts that the kernels are written for, the largest first.
#pragma once

#include <type_traits>

#include "turboquant/block.h"

namespace tq {
namespace {

// Calls `run(std::integral_constant<int, N>, first head)` with N = 8, 4, 2, 1 until all heads are done.
template <class Run>
inline void in_head_chunks(int heads, Run&& run) {
    int head = 0;
    for (; head + 8 <= heads; head += 8) run(std::integral_constant<int, 8>{}, head);
    if (heads - head >= 4) {
        run(std::integral_constant<int, 4>{}, head);
        head += 4;
    }
    if (heads - head >= 2) {
        run(std::integral_constant<int, 2>{}, head);
        head += 2;
    }
    if (heads - head >= 1) run(std::integral_constant<int, 1>{}, head);
}

}  // namespace
}  // namespace tq
