// What the attention kernel asks of a type that keys or values are stored in.
#pragma once

#include "ggml.h"

#include <cstddef>
#include <cstdint>

namespace innerloop {

// Elements that share a scale once they are unpacked.
constexpr int64_t INT8_BLOCK = 32;

// A type is read in the first of these ways that it and the machine offer:
//   1. where it lies (f32, f16), 2. as bytes with a scale for 32 of them, 3. as floats.
// Each is done once for a tile of tokens, whatever the number of query heads that look at it.
struct kv_format {
    // Value i of a row of n is values[i]·scales[i/32], with 0 ≤ scale and |value| ≤ 127. Null: not offered.
    void (*unpack_int8)(const void * row, int64_t n, int8_t * values, float * scales);
    // Null for the types that lie as floats.
    void (*unpack_float)(const void * row, float * values, int64_t n);
};

// Null when nothing is known of the type: the caller leaves the operation to ggml.
const kv_format * find_kv_format(ggml_type type);

} // namespace innerloop
