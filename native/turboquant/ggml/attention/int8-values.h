// Weighted sums of a tile of tokens in bytes: values unpacked once, four tokens side by side in a word.
#pragma once

#include "kv-format.h"

#include <cstdint>

namespace innerloop {

// Columns that are unpacked and summed up at once: with a tile of tokens they fit the first cache level.
constexpr int64_t VALUE_COLUMNS = 256;

// Room for a tile of `tokens` tokens with the rows that it is made of, in floats.
int64_t int8_values_floats(int64_t tokens);

// sums[r] += Σ_t weights[r][t] · v[t] for values that are `stride` bytes apart, and weights ≥ 0 whose row is zero from `tokens` to max_tokens.
// Each span of columns sees the weights times the values' scales, as bytes of a share of the largest of them.
void int8_accumulate(const kv_format & format, const char * values, size_t stride, int64_t size, int tokens, int max_tokens, int rows,
                     const float * weights, float * room, float * sums);

} // namespace innerloop
