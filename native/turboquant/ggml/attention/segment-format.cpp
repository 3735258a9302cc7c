// Blocks of segments as the attention kernel reads them: each segment by the look-up or the steps of its own width.

#include "segment-format.h"

#include "innerloop/codec/segment_format.hpp"

#include <utility>

#if defined(__AVX2__)
#include "innerloop/codec/arch/x86/unpack_segments_avx2.hpp"
#elif defined(__ARM_NEON)
#include "innerloop/codec/arch/arm/unpack_segments_neon.hpp"
#endif

namespace innerloop {
namespace {

template <int BITS>
void unpack(const uint8_t * codes, int8_t * values) {
#if defined(__AVX2__)
    tq::unpack_segment_avx2<BITS>(codes, values);
#elif defined(__ARM_NEON)
    tq::unpack_segment_neon<BITS>(codes, values);
#else
    tq::unpack_segment<BITS>(codes, values);
#endif
}

template <tq_segments LAYOUT, int... SEGMENT>
void unpack_block(const uint8_t * block, int8_t * values, float * scales, std::integer_sequence<int, SEGMENT...>) {
    const float rms = tq::block_rms(block);
    ((unpack<tq::SegmentBits<LAYOUT>::of(SEGMENT)>(block + tq::segment_offset<LAYOUT>(SEGMENT), values + SEGMENT*TQ_GROUP),
      scales[SEGMENT] = rms*tq::segment_unit<tq::SegmentBits<LAYOUT>::of(SEGMENT)>(tq::scale_index(block, SEGMENT))), ...);
}

} // namespace

template <tq_segments LAYOUT>
void unpack_tqs(const void * row, int64_t n, int8_t * values, float * scales) {
    const auto * block = (const uint8_t *) row;
    for (int64_t at = 0; at < n; at += TQS_BLOCK, block += tq::segment_offset<LAYOUT>(TQS_SEGMENTS)) {
        unpack_block<LAYOUT>(block, values + at, scales + at/TQ_GROUP, std::make_integer_sequence<int, TQS_SEGMENTS>());
    }
}

template void unpack_tqs<TQS_35>(const void *, int64_t, int8_t *, float *);
template void unpack_tqs<TQS_40>(const void *, int64_t, int8_t *, float *);
template void unpack_tqs<TQS_45>(const void *, int64_t, int8_t *, float *);
template void unpack_tqs<TQS_50>(const void *, int64_t, int8_t *, float *);
template void unpack_tqs<TQS_60>(const void *, int64_t, int8_t *, float *);

} // namespace innerloop
