// What the attention kernel asks of a type that keys or values are stored in.
#pragma once

#include "ggml.h"

#include <cstddef>
#include <cstdint>

namespace innerloop {

// Every type that is read as bytes shares a scale among a multiple of so many elements.
constexpr int64_t INT8_BLOCK = 32;

// For queries as quantize_query writes them; see int8_scores and int8_accumulate, whose rows are here a multiple of FUSED_ROWS.
struct fused_kernels {
    void (*score)(const char * keys, size_t stride, int64_t size, int tokens, int rows, const float * queries, float * scores, int64_t score_stride);
    void (*sum)(const char * values, size_t stride, int64_t size, int tokens, int max_tokens, int rows, const float * weights, float * sums);
};

// A type is read in the first of these ways that it and the machine offer:
//   1. where it lies (f32, and f16 for few queries), 2. as bytes with a scale for `span` of them, 3. as floats.
// Each is done once for a tile of tokens, whatever the number of query heads that look at it.
//
// To add a type: write what unpacks a row of it to bytes (or only to floats), and a line in format_of. Nothing else here knows formats.
struct kv_format {
    ggml_type type;
    // Elements that share a scale: a multiple of INT8_BLOCK that divides 256. Sums of products stay integers for so long:
    // the longest span that is true is the fastest. 0: not offered as bytes.
    int64_t span;
    // `count` rows, `stride` bytes apart: value i of a row of n is values[i]·scales[i/span], with 0 ≤ scale and |value| ≤ 127.
    // Written as [count][n] and [count][n/span]. n is a multiple of span and of the type's block; rows may be parts of
    // rows that begin at one of their blocks. See unpack_rows.
    void (*unpack_int8)(const char * rows, size_t stride, int count, int64_t n, int8_t * values, float * scales);
    // Null for f32.
    void (*unpack_float)(const void * row, float * values, int64_t n);
    // Optional: the same work for few rows without the way through memory.
    fused_kernels fused = {};
};

// Null when nothing is known of the type: the caller leaves the operation to ggml.
const kv_format * find_kv_format(ggml_type type);

} // namespace innerloop
