// The codec's blocks scored and summed up without being written down unpacked: for a few query rows, as in decoding.
//
// int8-keys.cpp and int8-values.cpp unpack a tile once for all rows, turn it, and read it again. With eight rows that costs as
// much as the products; here the codes go from the cache's bytes through a look-up into the multiplier.
#pragma once

#include "kv-format.h"

namespace innerloop {

// Query rows that are worked on at once: fewer are left to what unpacks.
constexpr int FUSED_ROWS = 4;
// More rows than this are better served by a tile that is unpacked once.
constexpr int MOST_FUSED_ROWS = 16;

// Tokens that are scored at once; fewer at the end are left to what unpacks, too.
constexpr int FUSED_TOKENS = 16;
constexpr int64_t MOST_FUSED_BLOCKS = 16;

inline bool is_worth_fusing(int rows, int64_t blocks) {
    return rows % FUSED_ROWS == 0 && rows <= MOST_FUSED_ROWS && blocks <= MOST_FUSED_BLOCKS;
}

// Null where type or machine has none.
fused_kernels fused_kernels_of(ggml_type type);

} // namespace innerloop
