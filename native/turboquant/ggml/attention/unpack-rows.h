// From what unpacks one row of a type to what the attention kernel calls for many.
#pragma once

#include <cstddef>
#include <cstdint>

namespace innerloop {

// Asks for a row a few rows before it is read: rows come from memory once, and nothing else hides the wait.
inline void prefetch_ahead(const char * row, size_t stride, size_t bytes) {
    constexpr size_t AHEAD = 12, CACHE_LINE = 64;
    for (size_t at = 0; at < bytes; at += CACHE_LINE) {
        __builtin_prefetch(row + AHEAD*stride + at);
    }
}

// UNPACK(row, n, values, scales) for each row; SPAN elements share a scale and take BYTES. Where UNPACK can be seen it is compiled into the loop.
template <int64_t SPAN, size_t BYTES, void (*UNPACK)(const void *, int64_t, int8_t *, float *)>
void unpack_rows(const char * rows, size_t stride, int count, int64_t n, int8_t * values, float * scales) {
    const int64_t spans = n/SPAN;
    for (int t = 0; t < count; t++) {
        prefetch_ahead(rows + t*stride, stride, spans*BYTES);
        UNPACK(rows + t*stride, n, values + t*n, scales + t*spans);
    }
}

} // namespace innerloop
