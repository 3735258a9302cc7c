// Codes to int8 steps with NEON: TBL takes tables of up to 64 entries.
#pragma once

#include <arm_neon.h>

#include "../../block_format.hpp"

namespace tq {
namespace {

// Coordinates 0..15 and 16..31.
struct NeonSteps {
    int8x16_t half[2];
};

struct NeonIndex {
    uint8x16_t half[2];
};

inline NeonIndex nibbles_neon(const uint8_t* in) {
    const uint8x16_t low = vld1q_u8(in);
    return {vandq_u8(low, vdupq_n_u8(15)), vshrq_n_u8(low, 4)};
}

inline NeonIndex pairs_neon(const uint8_t* in) {
    const uint8x8_t plane = vld1_u8(in);
    const uint8x16_t first = vcombine_u8(plane, vshr_n_u8(plane, 2));
    return {vandq_u8(first, vdupq_n_u8(3)), vandq_u8(vshrq_n_u8(first, 4), vdupq_n_u8(3))};
}

// `mark` where the plane's bit is set.
inline NeonIndex bits_neon(const uint8_t* in, uint8_t mark) {
    const uint8x16_t masks = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8x16_t first = vcombine_u8(vdup_n_u8(in[0]), vdup_n_u8(in[1]));
    const uint8x16_t second = vcombine_u8(vdup_n_u8(in[2]), vdup_n_u8(in[3]));
    return {vandq_u8(vtstq_u8(first, masks), vdupq_n_u8(mark)), vandq_u8(vtstq_u8(second, masks), vdupq_n_u8(mark))};
}

inline NeonIndex join_neon(const NeonIndex& low, const NeonIndex& high) {
    return {vorrq_u8(low.half[0], high.half[0]), vorrq_u8(low.half[1], high.half[1])};
}

template <int BITS>
inline NeonSteps unpack_neon(const uint8_t* codes, const int8_t* table) {
    if constexpr (BITS <= 4) {
        const NeonIndex index = BITS == 3 ? join_neon(pairs_neon(codes), bits_neon(codes + 8, 4)) : nibbles_neon(codes);
        const int8x16_t entries = vld1q_s8(table);
        return {vqtbl1q_s8(entries, index.half[0]), vqtbl1q_s8(entries, index.half[1])};
    } else if constexpr (BITS == 5) {
        const NeonIndex index = join_neon(nibbles_neon(codes), bits_neon(codes + 16, 16));
        const int8x16x2_t entries = vld1q_s8_x2(table);
        return {vqtbl2q_s8(entries, index.half[0]), vqtbl2q_s8(entries, index.half[1])};
    } else {
        const NeonIndex high = pairs_neon(codes + 16);
        const NeonIndex index = join_neon(nibbles_neon(codes), {vshlq_n_u8(high.half[0], 4), vshlq_n_u8(high.half[1], 4)});
        const int8x16x4_t entries = vld1q_s8_x4(table);
        return {vqtbl4q_s8(entries, index.half[0]), vqtbl4q_s8(entries, index.half[1])};
    }
}

}  // namespace
}  // namespace tq
