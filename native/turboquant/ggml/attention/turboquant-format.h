// The codec's blocks as the attention kernel reads them.
#pragma once

#include <cstdint>

namespace innerloop {

// See kv_format::unpack_int8; BITS 3 to 6.
template <int BITS>
void unpack_tq(const void * row, int64_t n, int8_t * values, float * scales);

} // namespace innerloop
