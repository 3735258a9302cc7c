// The query rows of a fused kernel, as it reads them.
#pragma once

#include "fused-blocks.h"
#include "int8-keys.h"

namespace innerloop {

// R quantized rows: where their bytes lie, and their scales (times `unit`) and offsets, block by block.
template <int R>
struct query_rows {
    const int8_t * values[R];
    float scales[MOST_FUSED_BLOCKS][R];
    int32_t offsets[MOST_FUSED_BLOCKS][R];

    query_rows(const float * floats, int64_t size, int64_t blocks, float unit) {
        for (int r = 0; r < R; r++) {
            const int8_query query(floats + r*int8_query_floats(size), size);
            values[r] = query.values;
            for (int64_t b = 0; b < blocks; b++) {
                scales[b][r] = query.scales[b]*unit;
                offsets[b][r] = query.offsets[b];
            }
        }
    }
};

} // namespace innerloop
