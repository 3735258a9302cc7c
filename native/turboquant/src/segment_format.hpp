// The bytes of a block of segments, for the code that reads and writes them. Local to the file that includes it, as block_format.hpp.
#pragma once

#include "block_format.hpp"
#include "turboquant/segments.h"

namespace tq {
namespace {

template <tq_segments LAYOUT>
struct SegmentBits;

#define TQ_DEFINE_SEGMENTS(LAYOUT, BITS)                               \
    template <>                                                       \
    struct SegmentBits<LAYOUT> {                                      \
        static constexpr int of(int segment) {                        \
            constexpr int bits[TQS_SEGMENTS] = BITS;                  \
            return bits[segment];                                     \
        }                                                             \
    };
#define TQ_ROW(...) __VA_ARGS__
TQ_DEFINE_SEGMENTS(TQS_35, TQ_ROW(TQS_BITS_35))
TQ_DEFINE_SEGMENTS(TQS_40, TQ_ROW(TQS_BITS_40))
TQ_DEFINE_SEGMENTS(TQS_45, TQ_ROW(TQS_BITS_45))
TQ_DEFINE_SEGMENTS(TQS_50, TQ_ROW(TQS_BITS_50))
TQ_DEFINE_SEGMENTS(TQS_60, TQ_ROW(TQS_BITS_60))
#undef TQ_ROW
#undef TQ_DEFINE_SEGMENTS

// Where a segment's codes begin, in bytes of the block; of segment 8, the block's size.
template <tq_segments LAYOUT>
constexpr int segment_offset(int segment) {
    int at = header_bytes(TQS_BLOCK);
    for (int before = 0; before < segment; before++) at += 4 * SegmentBits<LAYOUT>::of(before);
    return at;
}

// What a scale index multiplies by: 0.5 · 1.13^i. Wider than normal blocks want (block.h): the first token of a text, which every later
// one looks at, has nearly all of its energy in one segment, and a scale that cannot hold it costs more than all other errors together.
alignas(64) constexpr float kSegmentScale[16] = {
    0.5f, 0.565f, 0.63845f, 0.7214485f, 0.815236805f, 0.92121759f, 1.04097588f, 1.17630274f,
    1.3292221f, 1.50202097f, 1.69728369f, 1.91793058f, 2.16726155f, 2.44900555f, 2.76737627f, 3.12713519f,
};

// The one table of a width, at scale 1: of the sixteen in block_tables.inc that in the middle.
constexpr unsigned kMiddleTable = 7;
// The largest value of even steps at scale 1, in root mean squares.
constexpr float kEvenReach = 2.6f;

constexpr bool is_even(int bits) {
    return bits >= 7;
}

template <int BITS>
constexpr float width_unit() {
    if constexpr (is_even(BITS)) {
        return kEvenReach / 127;
    } else {
        return Format<BITS>::unit;
    }
}

// A value's step in units of the block's rms.
template <int BITS>
inline float segment_unit(unsigned scale_index) noexcept {
    return width_unit<BITS>() * kSegmentScale[scale_index];
}

template <int BITS>
inline const int8_t* segment_table() noexcept {
    return Format<BITS>::table(kMiddleTable);
}

// One segment's values, [TQ_GROUP], from its codes.
template <int BITS>
inline void unpack_segment(const uint8_t* codes, int8_t* values) noexcept {
    if constexpr (BITS == 8) {
        std::memcpy(values, codes, TQ_GROUP);
    } else if constexpr (BITS == 7) {
        for (int i = 0; i < TQ_GROUP; i++) {
            const unsigned nibble = (codes[i % 16] >> (i / 16 * 4)) & 15u;
            const unsigned pair = (codes[16 + i % 8] >> (i / 8 * 2)) & 3u;
            const unsigned bit = (codes[24 + i / 8] >> (i % 8)) & 1u;
            values[i] = static_cast<int8_t>(2 * static_cast<int>(nibble | pair << 4 | bit << 6) - 127);
        }
    } else {
        uint8_t indices[TQ_GROUP];
        unpack_codes<BITS>(codes, indices);
        const int8_t* table = segment_table<BITS>();
        for (int i = 0; i < TQ_GROUP; i++) values[i] = table[indices[i]];
    }
}

}  // namespace
}  // namespace tq
