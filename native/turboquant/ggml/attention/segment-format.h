// Blocks of segments as the attention kernel reads them.
#pragma once

#include "turboquant/segments.h"

#include <cstdint>

namespace innerloop {

// See kv_format::unpack_int8.
template <tq_segments LAYOUT>
void unpack_tqs(const void * row, int64_t n, int8_t * values, float * scales);

} // namespace innerloop
