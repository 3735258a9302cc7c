// Scores of a tile of tokens in bytes: keys unpacked once, sixteen or four tokens side by side in a register.
#pragma once

#include "kv-format.h"

#include <cstdint>

namespace innerloop {

// Dot products of bytes are worth it only where one instruction makes them: AVX2 alone takes as long as with floats.
#if (defined(__AVX512BW__) && defined(__AVX512VNNI__)) || (defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD))
constexpr bool HAS_INT8_DOT = true;
#else
constexpr bool HAS_INT8_DOT = false;
#endif

// Room for one quantized query row, and for the keys of one register's tokens, in floats.
int64_t int8_query_floats(int64_t size);
int64_t int8_keys_floats(int64_t size);

// A quantized query row: scales and offsets by span, then the bytes. The offset makes good for keys that have 128 added.
struct int8_query {
    const int8_t * values;
    const float * scales;
    const int32_t * offsets;

    int8_query(const float * at, int64_t size)
        : values((const int8_t *) (at + 2*(size/INT8_BLOCK))), scales(at), offsets((const int32_t *) (at + size/INT8_BLOCK)) {}
};

// size is a multiple of `span`; each span of the query gets a scale of its own.
void quantize_query(const float * query, int64_t size, int64_t span, float * out);

// scores[r][t] = q[r] · k[t] for keys that are `stride` bytes apart; whole registers of tokens are written. `room` has int8_keys_floats.
void int8_scores(const kv_format & format, const char * keys, size_t stride, int64_t size, int tokens, int rows, const float * queries, float * room,
                 float * scores, int64_t score_stride);

} // namespace innerloop
