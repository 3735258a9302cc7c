// The mask of one tile: which rows share it, and whether it leaves anything to do.
#pragma once

#include "attention-plan.h"
#include "ggml.h"

#include <cstdint>

namespace innerloop {

struct row_place;

// Rows are added in order; neighbours with the same mask (the heads of a token) share what is read.
class mask_tile {
  public:
    mask_tile(const ggml_tensor * mask, float * scratch) : mask(mask), floats(scratch) {}

    void add_row(const row_place & at);

    // Reads the mask of `tokens` tokens. False when every row is masked in all of them: the tile can be skipped.
    bool read(int64_t first, int tokens);

    // What to add to the row's scores, or null where there is nothing to add.
    const float * row(int index) const;

  private:
    const ggml_tensor * mask;
    float * floats;
    const ggml_fp16_t * sources[ROW_TILE];
    int source_of[ROW_TILE];
    bool is_zero[ROW_TILE];
    int rows = 0;
    int distinct = 0;
};

} // namespace innerloop
