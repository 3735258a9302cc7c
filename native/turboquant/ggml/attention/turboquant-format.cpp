// The codec's blocks as the attention kernel reads them: one look-up a coordinate, by the codec's own code for this machine.

#include "turboquant-format.h"

#include "innerloop/types/kv-types.h"

#if defined(__AVX2__)
#include "innerloop/codec/arch/x86/unpack_avx2.hpp"
#elif defined(__ARM_NEON)
#include "innerloop/codec/arch/arm/unpack_neon.hpp"
#else
#include "innerloop/codec/block_format.hpp"
#endif

namespace innerloop {
namespace {

template <int BITS>
void unpack_group(const uint8_t * block, int group, int8_t * values) {
#if defined(__AVX2__) || defined(__ARM_NEON)
    const uint8_t * codes = block + tq::header_bytes(INNERLOOP_BLOCK) + group*tq::kGroupBytes<BITS>;
    const int8_t * table = tq::Format<BITS>::table(tq::scale_index(block, group));
#if defined(__AVX2__)
    _mm256_storeu_si256((__m256i *) values, tq::unpack_avx2<BITS>(codes, table));
#else
    const tq::NeonSteps steps = tq::unpack_neon<BITS>(codes, table);
    vst1q_s8(values, steps.half[0]);
    vst1q_s8(values + 16, steps.half[1]);
#endif
#else
    tq::unpack_steps<BITS>(block, tq::header_bytes(INNERLOOP_BLOCK), group, values);
#endif
}

} // namespace

template <int BITS>
void unpack_tq(const void * row, int64_t n, int8_t * values, float * scales) {
    const auto * block = (const uint8_t *) row;
    for (int64_t at = 0; at < n; at += INNERLOOP_BLOCK, block += INNERLOOP_BLOCK_BYTES(BITS)) {
        const float step = tq::block_rms(block)*tq::Format<BITS>::unit;
        for (int group = 0; group < INNERLOOP_BLOCK/TQ_GROUP; group++) {
            unpack_group<BITS>(block, group, values + at + group*TQ_GROUP);
            scales[at/TQ_GROUP + group] = step;
        }
    }
}

template void unpack_tq<3>(const void *, int64_t, int8_t *, float *);
template void unpack_tq<4>(const void *, int64_t, int8_t *, float *);
template void unpack_tq<5>(const void *, int64_t, int8_t *, float *);
template void unpack_tq<6>(const void *, int64_t, int8_t *, float *);

} // namespace innerloop
