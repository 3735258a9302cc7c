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

inline uint8x16_t halves_neon(const void* low, const void* high) {
    const uint64x2_t first = vcombine_u64(vld1_u64(static_cast<const uint64_t*>(low)), vdup_n_u64(0));
    return vreinterpretq_u8_u64(vld1q_lane_u64(static_cast<const uint64_t*>(high), first, 1));
}

// Pair i of a plane of eight bytes in bits 0 and 1 of byte i, other pairs above it.
inline NeonIndex pairs_neon(const uint8_t* in) {
    const uint8x8_t plane = vld1_u8(in);
    const uint8x16_t both = vcombine_u8(plane, plane);
    const int8x16_t first = vcombine_s8(vdup_n_s8(0), vdup_n_s8(-2)), second = vcombine_s8(vdup_n_s8(-4), vdup_n_s8(-6));
    return {vshlq_u8(both, first), vshlq_u8(both, second)};
}

inline NeonIndex clean_pairs_neon(const uint8_t* in) {
    const NeonIndex pair = pairs_neon(in);
    return {vandq_u8(pair.half[0], vdupq_n_u8(3)), vandq_u8(pair.half[1], vdupq_n_u8(3))};
}

// Each bit of a byte as a byte of 0 or 1. From memory, since an A76 has arithmetic to lose and loads to spare here.
struct SpreadBits {
    uint64_t bytes[256];

    constexpr SpreadBits() : bytes() {
        for (unsigned byte = 0; byte < 256; byte++) {
            for (unsigned bit = 0; bit < 8; bit++) bytes[byte] |= static_cast<uint64_t>(byte >> bit & 1u) << 8 * bit;
        }
    }
};

alignas(64) constexpr SpreadBits kSpreadBits;

// Bit i of a plane of four bytes as byte i.
inline NeonIndex bits_neon(const uint8_t* in) {
    const uint64_t* spread = kSpreadBits.bytes;
    return {halves_neon(spread + in[0], spread + in[1]), halves_neon(spread + in[2], spread + in[3])};
}

// The lowest LOW bits of each byte from `low`, those above from `high`.
template <int LOW>
inline NeonIndex stack_neon(const NeonIndex& low, const NeonIndex& high) {
    return {vsliq_n_u8(low.half[0], high.half[0], LOW), vsliq_n_u8(low.half[1], high.half[1], LOW)};
}

// Nibbles below; above the low ones stand the high ones.
inline NeonIndex unclean_nibbles_neon(const uint8_t* in) {
    const uint8x16_t low = vld1q_u8(in);
    return {low, vshrq_n_u8(low, 4)};
}

template <int BITS>
inline NeonSteps unpack_neon(const uint8_t* codes, const int8_t* table) {
    if constexpr (BITS <= 4) {
        const NeonIndex index = BITS == 3 ? stack_neon<2>(pairs_neon(codes), bits_neon(codes + 8)) : nibbles_neon(codes);
        const int8x16_t entries = vld1q_s8(table);
        return {vqtbl1q_s8(entries, index.half[0]), vqtbl1q_s8(entries, index.half[1])};
    } else if constexpr (BITS == 5) {
        const NeonIndex index = stack_neon<4>(unclean_nibbles_neon(codes), bits_neon(codes + 16));
        const int8x16x2_t entries = vld1q_s8_x2(table);
        return {vqtbl2q_s8(entries, index.half[0]), vqtbl2q_s8(entries, index.half[1])};
    } else {
        const NeonIndex index = stack_neon<4>(unclean_nibbles_neon(codes), clean_pairs_neon(codes + 16));
        const int8x16x4_t entries = vld1q_s8_x4(table);
        return {vqtbl4q_s8(entries, index.half[0]), vqtbl4q_s8(entries, index.half[1])};
    }
}

}  // namespace
}  // namespace tq
