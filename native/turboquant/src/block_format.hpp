// The bytes of a block, for the code that reads and writes them.
//
// Everything here is local to the file that includes it: the same inline function is compiled for several instruction sets, and the
// linker must not give the reference a copy that only a newer processor can run. For the same reason no std:: template is used.
#pragma once

#include <cstdint>
#include <cstring>

#include "turboquant/block.h"
#include "half.hpp"

namespace tq {
namespace {

#include "block_tables.inc"

// Tables, unit and planes of one width of code.
template <int BITS>
struct Format;

#define TQ_DEFINE_FORMAT(BITS, TABLE, UNIT)                                              \
    template <>                                                                          \
    struct Format<BITS> {                                                                \
        static constexpr float unit = UNIT;                                              \
        static const int8_t* table(unsigned scale_index) { return TABLE[scale_index]; }  \
    };
TQ_DEFINE_FORMAT(2, kTable2, kUnit2)
TQ_DEFINE_FORMAT(3, kTable3, kUnit3)
TQ_DEFINE_FORMAT(4, kTable4, kUnit4)
TQ_DEFINE_FORMAT(5, kTable5, kUnit5)
TQ_DEFINE_FORMAT(6, kTable6, kUnit6)
#undef TQ_DEFINE_FORMAT

template <int BITS>
constexpr int kGroupBytes = 4 * BITS;

constexpr int kLowPlaneBytes(int bits) {
    return bits >= 4 ? 16 : 8;
}

constexpr int header_bytes(int block) {
    return 2 + block / 64;
}

constexpr int block_bytes(int bits, int block) {
    return header_bytes(block) + block / TQ_GROUP * 4 * bits;
}

[[maybe_unused]] inline float block_rms(const uint8_t* block) noexcept {
    uint16_t half;
    std::memcpy(&half, block, 2);
    return half_to_float(half);
}

[[maybe_unused]] inline unsigned scale_index(const uint8_t* block, int group) noexcept {
    return (block[2 + group / 2] >> (group % 2 * 4)) & 15u;
}

// One group's codes, [TQ_GROUP], from its planes.
template <int BITS>
inline void unpack_codes(const uint8_t* in, uint8_t* codes) noexcept {
    const uint8_t* high = in + kLowPlaneBytes(BITS);
    for (int i = 0; i < TQ_GROUP; i++) {
        const unsigned nibble = (in[i % 16] >> (i / 16 * 4)) & 15u;
        const unsigned low_pair = (in[i % 8] >> (i / 8 * 2)) & 3u;
        const unsigned high_pair = (high[i % 8] >> (i / 8 * 2)) & 3u;
        const unsigned high_bit = (high[i / 8] >> (i % 8)) & 1u;
        if constexpr (BITS == 2) codes[i] = static_cast<uint8_t>(low_pair);
        if constexpr (BITS == 3) codes[i] = static_cast<uint8_t>(low_pair | high_bit << 2);
        if constexpr (BITS == 4) codes[i] = static_cast<uint8_t>(nibble);
        if constexpr (BITS == 5) codes[i] = static_cast<uint8_t>(nibble | high_bit << 4);
        if constexpr (BITS == 6) codes[i] = static_cast<uint8_t>(nibble | high_pair << 4);
    }
}

template <int BITS>
inline void pack_codes(const uint8_t* codes, uint8_t* out) noexcept {
    uint8_t* high = out + kLowPlaneBytes(BITS);
    std::memset(out, 0, kGroupBytes<BITS>);
    for (int i = 0; i < TQ_GROUP; i++) {
        const unsigned code = codes[i];
        if constexpr (BITS <= 3) {
            out[i % 8] |= static_cast<uint8_t>((code & 3u) << (i / 8 * 2));
            if constexpr (BITS == 3) high[i / 8] |= static_cast<uint8_t>((code >> 2) << (i % 8));
        } else {
            out[i % 16] |= static_cast<uint8_t>((code & 15u) << (i / 16 * 4));
            if constexpr (BITS == 5) high[i / 8] |= static_cast<uint8_t>((code >> 4) << (i % 8));
            if constexpr (BITS == 6) high[i % 8] |= static_cast<uint8_t>((code >> 4) << (i / 8 * 2));
        }
    }
}

// One group as int8 steps, [TQ_GROUP].
template <int BITS>
inline void unpack_group(const uint8_t* in, const int8_t* table, int8_t* steps) noexcept {
    uint8_t codes[TQ_GROUP];
    unpack_codes<BITS>(in, codes);
    for (int i = 0; i < TQ_GROUP; i++) steps[i] = table[codes[i]];
}

template <int BITS>
inline void unpack_steps(const uint8_t* block, int header, int group, int8_t* steps) noexcept {
    unpack_group<BITS>(block + header + group * kGroupBytes<BITS>, Format<BITS>::table(scale_index(block, group)), steps);
}

}  // namespace
}  // namespace tq
