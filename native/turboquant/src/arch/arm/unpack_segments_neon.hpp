// The codes of segments to int8 values with NEON: what unpack_neon.hpp has no width for.
#pragma once

#include "../../segment_format.hpp"
#include "unpack_neon.hpp"

namespace tq {
namespace {

inline int8x16_t even_steps_neon(uint8x16_t code) {
    return vreinterpretq_s8_u8(vsubq_u8(vaddq_u8(code, code), vdupq_n_u8(127)));
}

template <int BITS>
inline NeonSteps segment_steps_neon(const uint8_t* codes) {
    if constexpr (BITS == 8) {
        return {vreinterpretq_s8_u8(vld1q_u8(codes)), vreinterpretq_s8_u8(vld1q_u8(codes + 16))};
    } else if constexpr (BITS == 7) {
        const NeonIndex high = stack_neon<2>(pairs_neon(codes + 16), bits_neon(codes + 24));
        const NeonIndex code = stack_neon<4>(unclean_nibbles_neon(codes), high);
        return {even_steps_neon(code.half[0]), even_steps_neon(code.half[1])};
    } else if constexpr (BITS == 2) {
        const NeonIndex pair = clean_pairs_neon(codes);
        const int8x16_t entries = vld1q_s8(segment_table<2>());
        return {vqtbl1q_s8(entries, pair.half[0]), vqtbl1q_s8(entries, pair.half[1])};
    } else {
        return unpack_neon<BITS>(codes, segment_table<BITS>());
    }
}

template <int BITS>
inline void unpack_segment_neon(const uint8_t* codes, int8_t* values) noexcept {
    const NeonSteps steps = segment_steps_neon<BITS>(codes);
    vst1q_s8(values, steps.half[0]);
    vst1q_s8(values + 16, steps.half[1]);
}

}  // namespace
}  // namespace tq
