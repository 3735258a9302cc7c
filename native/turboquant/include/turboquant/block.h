// What the engine stores and computes with: blocks of rotated coordinates whose codes need no arithmetic but a table.
//
// A block holds n coordinates, n = 64, 128 or 256, in groups of 32:
//
//   bytes            what
//   2                fp16 root mean square of the block
//   n/64             a scale index of 4 bits a group, the even group in the low nibble
//   n/32 · 4 · bits  the codes, group after group; within a group by planes:
//                    4-bit plane, 16 bytes: byte i = code i, and code i+16 in the high nibble   (formats of 4, 5, 6 bits)
//                    2-bit plane,  8 bytes: byte i = codes i, i+8, i+16, i+24 from the low end  (3 and 6 bits; 6: the upper bits)
//                    1-bit plane,  4 bytes: bit i % 8 of byte i / 8 = code i                    (3 and 5 bits; the uppermost bit)
//
// so a coordinate costs bits + 1/8 + 16/n bits: 4.1875 for tq4 and n = 256. Coordinate = rms · kUnit[bits] · kTable[bits][index][code]
// with int8 tables: the scale of a group chooses a table, and sums over a whole block stay integers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "turboquant/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tq_format { TQ_3 = 3, TQ_4 = 4, TQ_5 = 5, TQ_6 = 6 } tq_format;  // the value: bits of a code

typedef enum tq_isa { TQ_SCALAR = 0, TQ_AVX2, TQ_AVX512_VNNI, TQ_NEON_DOTPROD, TQ_ISA_COUNT } tq_isa;

#define TQ_GROUP 32
#define TQ_MAX_HEADS 16
#define TQ_MAX_ROW 512
// Tokens whose weights are quantized together in tq_accumulate.
#define TQ_TILE 64

// 0 for a format or a size that there is not.
size_t tq_block_bytes(tq_format format, int block);

// One row a head: [blocks · block] coordinates, rotated already.
typedef struct tq_shape {
    tq_format format;
    int block;   // coordinates of a block: 64, 128 or 256
    int blocks;  // of a row; block · blocks ≤ TQ_MAX_ROW
} tq_shape;

// TQ_OK, TQ_UNKNOWN_FORMAT, or TQ_WRONG_HEAD_DIM.
tq_status tq_check_shape(tq_shape shape);
size_t tq_row_bytes(tq_shape shape);

// [rows, row] floats → [rows, tq_row_bytes]. The input is finite; a root mean square beyond 65504 saturates.
void tq_encode(tq_shape shape, const float* in, size_t rows, uint8_t* out);
// The reverse.
void tq_reconstruct(tq_shape shape, const uint8_t* in, size_t rows, float* out);

// Rotated queries that share a KV head, as int8 with one scale a head.
typedef struct tq_query {
    int heads;
    int row;                    // coordinates of a head, a multiple of 32
    float scale[TQ_MAX_HEADS];  // of one int8 step
    int32_t sum[TQ_MAX_HEADS][TQ_MAX_ROW / 64];  // of the int8 values, by 64 coordinates
    int8_t values[TQ_MAX_HEADS][TQ_MAX_ROW];
} tq_query;

// [heads, row] floats → int8, rounded to nearest, ±127 at the largest magnitude. heads ≤ TQ_MAX_HEADS.
void tq_quantize_query(const float* in, int heads, int row, tq_query* out);

typedef struct tq_kernels {
    tq_isa isa;
    // ⟨query head, row of a token⟩: out[head · out_stride + token]. `rows` are `row_stride` bytes apart. Any number of tokens.
    void (*scores)(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const tq_query* query, float* out,
                   size_t out_stride);
    // out[head · row + i] += Σ over tokens of weights[head · weight_stride + token] · coordinate i of the token's row.
    // Weights are not negative; times the row's rms they are quantized to 8 bits against the largest of TQ_TILE tokens.
    void (*accumulate)(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const float* weights,
                       size_t weight_stride, int heads, float* out);
} tq_kernels;

// NULL where the machine or the build does not have the instruction set.
const tq_kernels* tq_kernels_of(tq_isa isa);
// The best that this machine has, probed once.
const tq_kernels* tq_best_kernels(void);
const char* tq_isa_name(tq_isa isa);

#ifdef __cplusplus
}
#endif
