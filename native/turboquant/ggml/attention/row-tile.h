// Attention of one tile of query rows over one split of the cache, with a running maximum.
#pragma once

#include "attention-plan.h"

namespace innerloop {

// The rows [first_row, first_row + rows) of a group, over the tokens [first_token, last_token).
struct attention_piece {
    int64_t group;
    int64_t split;
    int64_t first_row;
    int rows;
    int64_t first_token;
    int64_t last_token;
};

attention_piece find_piece(const attention_plan & plan, int64_t index);

// Head, token and batch of a row of a group.
struct row_place {
    int64_t head;
    int64_t token;
    int64_t batch;
};

row_place place_of(const attention_plan & plan, int64_t group, int64_t row);

// Writes finished rows to dst, or partial ones to `partials` when the cache is split. `scratch` has layout.size floats.
void attend(const attention_plan & plan, const attention_piece & piece, ggml_tensor * dst, float * scratch, float * partials);

// Merges the partial results of row `row` of all rows (groups × group_rows) into dst; `sums` has value_width floats.
void merge_row(const attention_plan & plan, int64_t row, float * partials, ggml_tensor * dst, float * sums);

} // namespace innerloop
