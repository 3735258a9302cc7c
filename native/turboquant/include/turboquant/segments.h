// Keys whose channels were sorted by what they weigh in a score (ggml/llama/calibration-file.h): eight segments of 32 coordinates,
// each with its own width of code, so that bits go where the scores are made.
//
// A block holds 256 coordinates:
//
//   bytes       what
//   2           fp16 root mean square of the block
//   4           a scale index of 4 bits a segment, the even segment in the low nibble
//   Σ 4 · bits  the codes, segment after segment, by planes as in block.h; of 7 bits: 4, 2 and 1 bit planes; of 8: bytes
//
// A coordinate is rms · 0.5 · 1.13^index · kUnit[bits] · kTable[bits][7][code] with the tables of block.h up to 6 bits; wider codes are
// even steps: rms · 0.5 · 1.13^index · 2.6 · value / 127, value = 2 · code − 127 of 7 bits and the signed byte of 8.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Named by ten times the mean bits of a code; a coordinate costs 3/16 of a bit more.
typedef enum tq_segments { TQS_35 = 0, TQS_40, TQS_45, TQS_50, TQS_60, TQS_COUNT } tq_segments;

#define TQS_BLOCK 256
#define TQS_SEGMENTS 8

// Bits of a code by segment, the heaviest channels first: of all falling rows with their mean the one that loses least on the layers
// of Gemma 3 270M, 4 to 9 % more than a row of its own for each layer.
#define TQS_BITS_35 {6, 4, 4, 3, 3, 3, 3, 2}
#define TQS_BITS_40 {6, 5, 4, 4, 4, 3, 3, 3}
#define TQS_BITS_45 {7, 5, 5, 4, 4, 4, 4, 3}
#define TQS_BITS_50 {7, 6, 5, 5, 5, 4, 4, 4}
#define TQS_BITS_60 {8, 7, 6, 6, 6, 5, 5, 5}

// 118, 134, 150, 166 or 198 bytes; 0 for a layout that there is not.
size_t tqs_block_bytes(tq_segments layout);
// [blocks, 256] finite floats → [blocks, tqs_block_bytes]; the layout is one of the enumeration.
void tqs_encode(tq_segments layout, const float* in, size_t blocks, uint8_t* out);
// The reverse.
void tqs_reconstruct(tq_segments layout, const uint8_t* in, size_t blocks, float* out);

#ifdef __cplusplus
}
#endif
