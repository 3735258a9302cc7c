// Weighted sums of a tile of tokens in bytes: values unpacked once, four tokens side by side in a word.
#pragma once

#include "kv-format.h"

#include <cstdint>

namespace innerloop {

// Room for a tile of values with the rows that it is made of, in floats.
int64_t int8_values_floats(int64_t size, int64_t tokens);

// `tile` gets `tokens` values, `stride` bytes apart; a last word that is not full is filled with zeros.
void pack_int8_values(const kv_format & format, const char * values, size_t stride, int64_t size, int tokens, int max_tokens, float * tile);

// sums[r] += Σ_t weights[r][t] · v[t] for weights ≥ 0, whose row is zero from `tokens` to max_tokens. Each block of 32
// columns sees the weights times the values' scales, as bytes of a share of the largest of them.
void int8_accumulate(int rows, int tokens, int max_tokens, int64_t size, const float * weights, int64_t weight_stride, float * tile, float * sums);

} // namespace innerloop
