// What the attention kernel asks of a type that keys or values are stored in: ggml's own types here, the codec's beside it.

#include "kv-format.h"

#define GGML_COMMON_DECL_CPP
#include "fused-blocks.h"
#include "ggml-common.h"
#include "ggml-cpu.h"
#include "innerloop/types/kv-types.h"
#include "segment-format.h"
#include "simd.h"
#include "turboquant-format.h"
#include "unpack-rows.h"

#include <array>
#include <cstring>

namespace innerloop {
namespace {

// Scales may not be negative, since weighted sums take them into unsigned weights: a block's sign goes to its values.

void unpack_q8_0(const void * row, int64_t n, int8_t * values, float * scales) {
    const auto * blocks = (const block_q8_0 *) row;
    for (int64_t b = 0; b < n/QK8_0; b++) {
        scales[b] = simd::to_float(blocks[b].d);
        memcpy(values + b*QK8_0, blocks[b].qs, QK8_0);
    }
}

// Vectors of bytes of the compiler's own, the same source for every architecture: loops over bytes do not become any.
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef int8_t signed16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

// Codes of a block of 32: two halves, since putting them together in memory stalls the load behind it.
struct block_codes {
    bytes16 first;
    bytes16 second;
};

block_codes split_nibbles(const uint8_t * packed) {
    bytes16 both;
    memcpy(&both, packed, sizeof(both));
    return { both & 15, both >> 4 };
}

// 16 in byte i where bit i is set: each byte of the bits is repeated eight times and meets one bit in each.
bytes16 fifth_bits(uint64_t low, uint64_t high) {
    constexpr uint64_t REPEAT = 0x0101010101010101, ONE_EACH = 0x8040201008040201;
    const words2 spread = { low*REPEAT & ONE_EACH, high*REPEAT & ONE_EACH };
    return (bytes16) ((bytes16) spread != 0) & 16;
}

// values = ±(codes − offset), with the sign that makes the scale positive.
void store_block(const block_codes & codes, uint8_t offset, ggml_fp16_t scale, int8_t * values, float * scale_out) {
    // Without a branch, since signs of scales cannot be foreseen: all bits set negates.
    const int8_t negation = (int8_t) ((int16_t) scale >> 15);
    const signed16 first = ((signed16) (codes.first - offset) ^ negation) - negation;
    const signed16 second = ((signed16) (codes.second - offset) ^ negation) - negation;
    memcpy(values, &first, sizeof(first));
    memcpy(values + sizeof(first), &second, sizeof(second));
    *scale_out = simd::to_float(scale & 0x7fff);
}

void unpack_q4_0(const void * row, int64_t n, int8_t * values, float * scales) {
    const auto * blocks = (const block_q4_0 *) row;
    for (int64_t b = 0; b < n/QK4_0; b++) {
        store_block(split_nibbles(blocks[b].qs), 8, blocks[b].d, values + b*QK4_0, scales + b);
    }
}

void unpack_q5_0(const void * row, int64_t n, int8_t * values, float * scales) {
    const auto * blocks = (const block_q5_0 *) row;
    for (int64_t b = 0; b < n/QK5_0; b++) {
        const uint8_t * fifth = blocks[b].qh;
        block_codes codes = split_nibbles(blocks[b].qs);
        codes.first |= fifth_bits(fifth[0], fifth[1]);
        codes.second |= fifth_bits(fifth[2], fifth[3]);
        store_block(codes, 16, blocks[b].d, values + b*QK5_0, scales + b);
    }
}

void unpack_f16(const void * row, float * values, int64_t n) {
    ggml_cpu_fp16_to_fp32((const ggml_fp16_t *) row, values, n);
}

#define INNERLOOP_FORMAT_CASE(name, bits, block) \
    case GGML_TYPE_TQ##name: return { type, block, unpack_rows<block, INNERLOOP_BLOCK_BYTES(bits, block), unpack_tq<bits, block>>, to_float };

kv_format format_of(ggml_type type) {
    const auto to_float = ggml_get_type_traits(type)->to_float;
    switch (type) {
        case GGML_TYPE_F32:  return { type, 0, nullptr, nullptr };
        case GGML_TYPE_F16:  return { type, 0, nullptr, unpack_f16 };
        case GGML_TYPE_Q8_0: return { type, QK8_0, unpack_rows<QK8_0, sizeof(block_q8_0), unpack_q8_0>, to_float };
        case GGML_TYPE_Q5_0: return { type, QK5_0, unpack_rows<QK5_0, sizeof(block_q5_0), unpack_q5_0>, to_float };
        case GGML_TYPE_Q4_0: return { type, QK4_0, unpack_rows<QK4_0, sizeof(block_q4_0), unpack_q4_0>, to_float };
        INNERLOOP_TYPES(INNERLOOP_FORMAT_CASE)
        case GGML_TYPE_TQS35: return { type, INT8_BLOCK, unpack_rows<INT8_BLOCK, (INNERLOOP_SEGMENTS_BYTES(35) + 7)/8, unpack_tqs<TQS_35>>, to_float };
        case GGML_TYPE_TQS40: return { type, INT8_BLOCK, unpack_rows<INT8_BLOCK, (INNERLOOP_SEGMENTS_BYTES(40) + 7)/8, unpack_tqs<TQS_40>>, to_float };
        case GGML_TYPE_TQS45: return { type, INT8_BLOCK, unpack_rows<INT8_BLOCK, (INNERLOOP_SEGMENTS_BYTES(45) + 7)/8, unpack_tqs<TQS_45>>, to_float };
        case GGML_TYPE_TQS50: return { type, INT8_BLOCK, unpack_rows<INT8_BLOCK, (INNERLOOP_SEGMENTS_BYTES(50) + 7)/8, unpack_tqs<TQS_50>>, to_float };
        case GGML_TYPE_TQS60: return { type, INT8_BLOCK, unpack_rows<INT8_BLOCK, (INNERLOOP_SEGMENTS_BYTES(60) + 7)/8, unpack_tqs<TQS_60>>, to_float };
        default:             return { type, 0, nullptr, to_float };
    }
}

bool is_known(ggml_type type, const kv_format & format) {
    return type == GGML_TYPE_F32 || format.unpack_float != nullptr;
}

} // namespace

const kv_format * find_kv_format(ggml_type type) {
    static const std::array<kv_format, GGML_TYPE_COUNT> formats = [] {
        std::array<kv_format, GGML_TYPE_COUNT> all {};
        for (int i = 0; i < GGML_TYPE_COUNT; i++) {
            all[i] = format_of((ggml_type) i);
            all[i].fused = fused_kernels_of((ggml_type) i);
        }
        return all;
    }();
    return is_known(type, formats[type]) ? &formats[type] : nullptr;
}

} // namespace innerloop
