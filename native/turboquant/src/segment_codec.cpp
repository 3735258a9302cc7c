// Encodes and reconstructs blocks of segments in plain C++, so that the same input gives the same bytes everywhere.
#include <cmath>
#include <utility>

#include "group_codec.hpp"
#include "segment_format.hpp"

namespace tq {
namespace {

// The nearest value that a width has to a coordinate, both in steps of its scale.
template <int BITS>
int nearest_value(float steps) noexcept {
    const float bounded = steps < -127 ? -127 : steps > 127 ? 127 : steps;
    if constexpr (BITS == 8) return static_cast<int>(std::lrint(bounded));
    if constexpr (BITS == 7) return 2 * static_cast<int>(std::lrint((bounded + 127) / 2)) - 127;
    if constexpr (!is_even(BITS)) return static_cast<int>(nearest_codes<BITS>().step[half_step_of(steps)][kMiddleTable]);
}

template <int BITS>
float error_of(const float* x, unsigned scale) noexcept {
    const float unit = segment_unit<BITS>(scale), inverse = 1 / unit;
    float error = 0;
    for (int i = 0; i < TQ_GROUP; i++) {
        const float miss = x[i] - unit * static_cast<float>(nearest_value<BITS>(x[i] * inverse));
        error += miss * miss;
    }
    return error;
}

template <int BITS>
unsigned best_scale(const float* x) noexcept {
    unsigned best = 0;
    float least = error_of<BITS>(x, 0);
    for (unsigned scale = 1; scale < kScales; scale++) {
        const float error = error_of<BITS>(x, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

template <int BITS>
void pack_even(const int* values, uint8_t* out) noexcept {
    std::memset(out, 0, 4 * BITS);
    for (int i = 0; i < TQ_GROUP; i++) {
        if constexpr (BITS == 8) {
            out[i] = static_cast<uint8_t>(values[i]);
        } else {
            const unsigned code = static_cast<unsigned>(values[i] + 127) / 2;
            out[i % 16] |= static_cast<uint8_t>((code & 15u) << (i / 16 * 4));
            out[16 + i % 8] |= static_cast<uint8_t>((code >> 4 & 3u) << (i / 8 * 2));
            out[24 + i / 8] |= static_cast<uint8_t>((code >> 6) << (i % 8));
        }
    }
}

// [TQ_GROUP] coordinates in units of the block's rms → codes and the index of their scale.
template <int BITS>
unsigned encode_segment(const float* x, uint8_t* out) noexcept {
    const unsigned scale = best_scale<BITS>(x);
    const float inverse = 1 / segment_unit<BITS>(scale);
    if constexpr (is_even(BITS)) {
        int values[TQ_GROUP];
        for (int i = 0; i < TQ_GROUP; i++) values[i] = nearest_value<BITS>(x[i] * inverse);
        pack_even<BITS>(values, out);
    } else {
        uint8_t codes[TQ_GROUP];
        for (int i = 0; i < TQ_GROUP; i++) codes[i] = nearest_codes<BITS>().code[half_step_of(x[i] * inverse)][kMiddleTable];
        pack_codes<BITS>(codes, out);
    }
    return scale;
}

template <tq_segments LAYOUT, int SEGMENT>
void encode_one(const float* x, uint8_t* block) noexcept {
    const unsigned scale = encode_segment<SegmentBits<LAYOUT>::of(SEGMENT)>(x + SEGMENT * TQ_GROUP, block + segment_offset<LAYOUT>(SEGMENT));
    block[2 + SEGMENT / 2] |= static_cast<uint8_t>(scale << (SEGMENT % 2 * 4));
}

template <tq_segments LAYOUT, int... SEGMENT>
void encode_block(const float* in, uint8_t* out, std::integer_sequence<int, SEGMENT...>) noexcept {
    double squares = 0;
    for (int i = 0; i < TQS_BLOCK; i++) squares += static_cast<double>(in[i]) * in[i];
    const uint16_t half = float_to_half(static_cast<float>(std::sqrt(squares / TQS_BLOCK)));
    const float rms = half_to_float(half);
    const float inverse = rms > 0 ? 1 / rms : 0;
    float x[TQS_BLOCK];
    for (int i = 0; i < TQS_BLOCK; i++) x[i] = in[i] * inverse;
    std::memset(out, 0, header_bytes(TQS_BLOCK));
    std::memcpy(out, &half, 2);
    (encode_one<LAYOUT, SEGMENT>(x, out), ...);
}

template <tq_segments LAYOUT, int SEGMENT>
void reconstruct_one(const uint8_t* block, float* out) noexcept {
    constexpr int bits = SegmentBits<LAYOUT>::of(SEGMENT);
    const unsigned scale = scale_index(block, SEGMENT);
    int8_t values[TQ_GROUP];
    unpack_segment<bits>(block + segment_offset<LAYOUT>(SEGMENT), values);
    const float step = block_rms(block) * segment_unit<bits>(scale);
    for (int i = 0; i < TQ_GROUP; i++) out[SEGMENT * TQ_GROUP + i] = step * values[i];
}

template <tq_segments LAYOUT, int... SEGMENT>
void reconstruct_block(const uint8_t* in, float* out, std::integer_sequence<int, SEGMENT...>) noexcept {
    (reconstruct_one<LAYOUT, SEGMENT>(in, out), ...);
}

using Segments = std::make_integer_sequence<int, TQS_SEGMENTS>;

template <tq_segments LAYOUT>
void encode_as(const float* in, uint8_t* out) noexcept {
    encode_block<LAYOUT>(in, out, Segments());
}

template <tq_segments LAYOUT>
void reconstruct_as(const uint8_t* in, float* out) noexcept {
    reconstruct_block<LAYOUT>(in, out, Segments());
}

struct Layout {
    size_t bytes;
    void (*encode)(const float*, uint8_t*) noexcept;
    void (*reconstruct)(const uint8_t*, float*) noexcept;
};

template <tq_segments LAYOUT>
constexpr Layout layout_of() {
    return {static_cast<size_t>(segment_offset<LAYOUT>(TQS_SEGMENTS)), encode_as<LAYOUT>, reconstruct_as<LAYOUT>};
}

constexpr Layout kLayouts[TQS_COUNT] = {layout_of<TQS_35>(), layout_of<TQS_40>(), layout_of<TQS_45>(), layout_of<TQS_50>(), layout_of<TQS_60>()};

}  // namespace
}  // namespace tq

extern "C" {

size_t tqs_block_bytes(tq_segments layout) {
    return layout >= 0 && layout < TQS_COUNT ? tq::kLayouts[layout].bytes : 0;
}

void tqs_encode(tq_segments layout, const float* in, size_t blocks, uint8_t* out) {
    const tq::Layout& of = tq::kLayouts[layout];
    for (size_t i = 0; i < blocks; i++) of.encode(in + i * TQS_BLOCK, out + i * of.bytes);
}

void tqs_reconstruct(tq_segments layout, const uint8_t* in, size_t blocks, float* out) {
    const tq::Layout& of = tq::kLayouts[layout];
    for (size_t i = 0; i < blocks; i++) of.reconstruct(in + i * of.bytes, out + i * TQS_BLOCK);
}

}  // extern "C"
