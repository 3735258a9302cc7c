// How one attention operation is cut into pieces: tiles of query rows that share their keys, and splits of the cache.
#pragma once

#include "ggml.h"
#include "int8-keys.h"
#include "kv-format.h"
#include "simd.h"

#include <cstddef>
#include <cstdint>

namespace innerloop {

// Tokens of the cache that are unpacked, scored and summed up together: their floats and bytes fit the second cache level.
#if defined(__ARM_NEON)
constexpr int TOKEN_TILE = 32;
constexpr int ROW_TILE = 32;
#else
constexpr int TOKEN_TILE = 64;
constexpr int ROW_TILE = 64;
#endif

// How the rows of one operand are read.
enum class reading { f32_in_place, f16_in_place, as_int8, as_float };

// Where each piece of a thread's scratch begins, in floats.
struct scratch_layout {
    int64_t query = 0;    // rows as floats, or as int8_queries
    int64_t scores = 0;   // ROW_TILE × TOKEN_TILE
    int64_t sums = 0;     // ROW_TILE × value width
    int64_t mask = 0;     // ROW_TILE × TOKEN_TILE, of those rows whose mask differs
    int64_t keys = 0;     // one tile, unpacked
    int64_t values = 0;
    int64_t size = 0;
};

// One query row is one token's query in one head; the rows of a group are those that read the same KV head.
struct attention_plan {
    const ggml_tensor * q;
    const ggml_tensor * k;
    const ggml_tensor * v;
    const ggml_tensor * mask;
    const ggml_tensor * sinks;

    int64_t key_size;
    int64_t value_size;
    int64_t key_width;    // padded to whole vectors
    int64_t value_width;
    int64_t tokens;       // cells of the cache
    int64_t heads;        // query heads in a group
    int64_t groups;       // KV heads, times batches
    int64_t group_rows;   // heads × query tokens
    int64_t row_tiles;    // of one group
    int64_t splits;       // of the cache; 1: no merge is needed
    int64_t split_tokens; // a multiple of TOKEN_TILE

    reading key_reading;
    reading value_reading;
    const kv_format * key_format;
    const kv_format * value_format;
    scratch_layout layout;

    int64_t pieces() const { return groups*row_tiles*splits; }
    // Floats of one row's partial result: its maximum, its sum of weights, its weighted sum of values.
    int64_t partial_size() const { return 2 + value_width; }
    int64_t partial_count() const { return splits == 1 ? 0 : groups*group_rows*splits; }
};

// False when the operation is not one that the kernel knows.
bool plan_attention(const ggml_tensor * dst, attention_plan & plan);

} // namespace innerloop
