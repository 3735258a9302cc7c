// What the attention kernel asks of a type that keys or values are stored in.
#pragma once

#include "ggml.h"

#include <cstddef>
#include <cstdint>

namespace innerloop {

// Every type that is read as bytes shares a scale among a multiple of so many elements.
constexpr int64_t INT8_BLOCK = 32;

// A type is read in the first of these ways that it and the machine offer:
//   1. where it lies (f32, and f16 for few queries), 2. as bytes with a scale for `span` of them, 3. as floats.
// Each is done once for a tile of tokens, whatever the number of query heads that look at it.
//
// To add a type: write its unpack_int8 (or only unpack_float), and a line in format_of. Nothing else here knows formats.
struct kv_format {
    ggml_type type;
    // Elements that share a scale: a multiple of INT8_BLOCK that divides 256. Sums of products stay integers for so long:
    // the longest span that is true is the fastest. 0: not offered as bytes.
    int64_t span;
    // Value i of a row of n is values[i]·scales[i/span], with 0 ≤ scale and |value| ≤ 127. n is a multiple of span and of
    // the type's block; `row` may be the middle of a row, at the beginning of one of its blocks.
    void (*unpack_int8)(const void * row, int64_t n, int8_t * values, float * scales);
    // Null for f32.
    void (*unpack_float)(const void * row, float * values, int64_t n);
};

// Asks for the row that is read a few rows later: rows come from memory once, and nothing else hides the wait.
inline void prefetch_row(const char * rows, size_t stride, int row, size_t row_bytes) {
    constexpr int AHEAD = 12, CACHE_LINE = 64;
    const char * next = rows + (row + AHEAD)*stride;
    for (size_t at = 0; at < row_bytes; at += CACHE_LINE) {
        __builtin_prefetch(next + at);
    }
}

// Null when nothing is known of the type: the caller leaves the operation to ggml.
const kv_format * find_kv_format(ggml_type type);

} // namespace innerloop
