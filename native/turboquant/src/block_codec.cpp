// Encodes and reconstructs blocks, and quantizes queries: what happens once a token, in plain C++ on every machine, so that the same
// input gives the same bytes everywhere.
#include <cmath>

#include "group_codec.hpp"

namespace tq {
namespace {

template <int BITS>
void encode_block(const float* in, int block, uint8_t* out) noexcept {
    double squares = 0;
    for (int i = 0; i < block; i++) squares += static_cast<double>(in[i]) * in[i];
    const uint16_t half = float_to_half(static_cast<float>(std::sqrt(squares / block)));
    const float rms = half_to_float(half);
    const NearestCodes<BITS>& nearest = nearest_codes<BITS>();
    std::memset(out, 0, header_bytes(block));
    std::memcpy(out, &half, 2);
    const float to_steps = rms > 0 ? 1 / (rms * Format<BITS>::unit) : 0;
    for (int group = 0; group < block / TQ_GROUP; group++) {
        float steps[TQ_GROUP];
        uint8_t codes[TQ_GROUP];
        for (int i = 0; i < TQ_GROUP; i++) steps[i] = in[group * TQ_GROUP + i] * to_steps;
        const unsigned scale = encode_group<BITS>(nearest, steps, codes);
        out[2 + group / 2] |= static_cast<uint8_t>(scale << (group % 2 * 4));
        pack_codes<BITS>(codes, out + header_bytes(block) + group * kGroupBytes<BITS>);
    }
}

template <int BITS>
void reconstruct_block(const uint8_t* in, int block, float* out) noexcept {
    const float step = block_rms(in) * Format<BITS>::unit;
    for (int group = 0; group < block / TQ_GROUP; group++) {
        int8_t steps[TQ_GROUP];
        unpack_steps<BITS>(in, header_bytes(block), group, steps);
        for (int i = 0; i < TQ_GROUP; i++) out[group * TQ_GROUP + i] = step * steps[i];
    }
}

using EncodeBlock = void (*)(const float*, int, uint8_t*) noexcept;
using ReconstructBlock = void (*)(const uint8_t*, int, float*) noexcept;
// By bits, from 3.
constexpr EncodeBlock kEncode[] = {encode_block<3>, encode_block<4>, encode_block<5>, encode_block<6>};
constexpr ReconstructBlock kReconstruct[] = {reconstruct_block<3>, reconstruct_block<4>, reconstruct_block<5>, reconstruct_block<6>};

}  // namespace
}  // namespace tq

extern "C" {

size_t tq_block_bytes(tq_format format, int block) {
    const bool is_known = format >= TQ_3 && format <= TQ_6 && (block == 64 || block == 128 || block == 256);
    return is_known ? tq::block_bytes(format, block) : 0;
}

tq_status tq_check_shape(tq_shape shape) {
    if (shape.format < TQ_3 || shape.format > TQ_6) return TQ_UNKNOWN_FORMAT;
    const bool is_block = tq_block_bytes(shape.format, shape.block) > 0;
    return is_block && shape.blocks >= 1 && shape.blocks <= TQ_MAX_ROW / shape.block ? TQ_OK : TQ_WRONG_HEAD_DIM;
}

size_t tq_row_bytes(tq_shape shape) {
    return tq_block_bytes(shape.format, shape.block) * shape.blocks;
}

void tq_encode(tq_shape shape, const float* in, size_t rows, uint8_t* out) {
    const size_t bytes = tq_block_bytes(shape.format, shape.block);
    for (size_t i = 0; i < rows * shape.blocks; i++) tq::kEncode[shape.format - 3](in + i * shape.block, shape.block, out + i * bytes);
}

void tq_reconstruct(tq_shape shape, const uint8_t* in, size_t rows, float* out) {
    const size_t bytes = tq_block_bytes(shape.format, shape.block);
    for (size_t i = 0; i < rows * shape.blocks; i++) {
        tq::kReconstruct[shape.format - 3](in + i * bytes, shape.block, out + i * shape.block);
    }
}

void tq_quantize_query(const float* in, int heads, int row, tq_query* out) {
    out->heads = heads;
    out->row = row;
    for (int head = 0; head < heads; head++) {
        const float* x = in + static_cast<size_t>(head) * row;
        float largest = 0;
        for (int i = 0; i < row; i++) largest = std::fmax(largest, std::fabs(x[i]));
        const float to_steps = largest > 0 ? 127 / largest : 0;
        out->scale[head] = largest / 127;
        for (int i = 0; i < row; i++) out->values[head][i] = static_cast<int8_t>(std::lrint(x[i] * to_steps));
        for (int part = 0; part < row / 64; part++) {
            int32_t sum = 0;
            for (int i = 0; i < 64; i++) sum += out->values[head][part * 64 + i];
            out->sum[head][part] = sum;
        }
    }
}

}  // extern "C"
