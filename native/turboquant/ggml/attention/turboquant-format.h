// The codec's blocks as the attention kernel reads them: one look-up a coordinate, by the codec's own code for this machine.
#pragma once

#include "innerloop/types/kv-types.h"
#include "simd.h"

#if defined(__AVX512VBMI__) && defined(__AVX512BW__)
#include "innerloop/codec/arch/x86/unpack_avx512.hpp"
#elif defined(__AVX2__)
#include "innerloop/codec/arch/x86/unpack_avx2.hpp"
#elif defined(__ARM_NEON)
#include "innerloop/codec/arch/arm/unpack_neon.hpp"
#else
#include "innerloop/codec/block_format.hpp"
#endif

namespace innerloop {

// Two groups at `codes`, looked up in their tables. What is written may alias nothing that is read.
template <int BITS>
[[gnu::always_inline]] inline void unpack_pair(const uint8_t * __restrict codes, const int8_t * first, const int8_t * second, int8_t * __restrict values) {
#if defined(__AVX512VBMI__) && defined(__AVX512BW__)
    tq::store_steps_avx512<BITS>(codes, first, second, values);
#elif defined(__AVX2__)
    _mm256_storeu_si256((__m256i *) values, tq::unpack_avx2<BITS>(codes, first));
    _mm256_storeu_si256((__m256i *) (values + TQ_GROUP), tq::unpack_avx2<BITS>(codes + tq::kGroupBytes<BITS>, second));
#elif defined(__ARM_NEON)
    const tq::NeonSteps low = tq::unpack_neon<BITS>(codes, first);
    const tq::NeonSteps high = tq::unpack_neon<BITS>(codes + tq::kGroupBytes<BITS>, second);
    vst1q_s8(values, low.half[0]);
    vst1q_s8(values + 16, low.half[1]);
    vst1q_s8(values + 32, high.half[0]);
    vst1q_s8(values + 48, high.half[1]);
#else
    tq::unpack_group<BITS>(codes, first, values);
    tq::unpack_group<BITS>(codes + tq::kGroupBytes<BITS>, second, values + TQ_GROUP);
#endif
}

// A row of n coordinates; span: BLOCK. BITS 3 to 6.
template <int BITS, int BLOCK>
[[gnu::always_inline]] inline void unpack_tq(const void * row, int64_t n, int8_t * values, float * scales) {
    constexpr int PAIR = 2*TQ_GROUP;
    const auto * block = (const uint8_t *) row;
    for (int64_t at = 0; at < n; at += BLOCK, block += INNERLOOP_BLOCK_BYTES(BITS, BLOCK)) {
        *scales++ = simd::to_float(*(const ggml_fp16_t *) block)*tq::Format<BITS>::unit;
        for (int pair = 0; pair < BLOCK/PAIR; pair++) {
            const unsigned both = block[2 + pair];
            const uint8_t * codes = block + tq::header_bytes(BLOCK) + 2*pair*tq::kGroupBytes<BITS>;
            unpack_pair<BITS>(codes, tq::Format<BITS>::table(both & 15), tq::Format<BITS>::table(both >> 4), values + at + pair*PAIR);
        }
    }
}

} // namespace innerloop
