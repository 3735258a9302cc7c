// From the two inner loops of an instruction set to its entry points: which width of code, how many heads, which tile, which block.
#pragma once

#include "head_chunks.hpp"
#include "weights.hpp"

namespace tq {
namespace {

// ISA<BITS> brings
//   kTokens                 how many tokens share the loads of a query
//   dot_block<HEADS, TOKENS>  integer products of some heads with one block of some tokens
//   add_group               one group of coordinates over one tile of tokens
template <template <int> class ISA, int BITS>
struct Walk {
    template <int HEADS, int TOKENS>
    static void score_tokens(tq_shape shape, const uint8_t* rows, size_t row_stride, const tq_query* query, int head, float* out,
                             size_t out_stride) {
        float total[TOKENS][HEADS] = {};
        for (int b = 0; b < shape.blocks; b++) {
            const uint8_t* block = rows + b * block_bytes(BITS, shape.block);
            int32_t sums[TOKENS][HEADS];
            ISA<BITS>::template dot_block<HEADS, TOKENS>(block, row_stride, shape.block, query, head, b * shape.block, sums);
            for (int t = 0; t < TOKENS; t++) {
                const float rms = block_rms(block + t * row_stride);
                for (int h = 0; h < HEADS; h++) total[t][h] += rms * static_cast<float>(sums[t][h]);
            }
        }
        for (int t = 0; t < TOKENS; t++) {
            for (int h = 0; h < HEADS; h++) {
                out[(head + h) * out_stride + t] = total[t][h] * (query->scale[head + h] * Format<BITS>::unit);
            }
        }
    }

    static void scores(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const tq_query* query, float* out,
                       size_t out_stride) {
        in_head_chunks(query->heads, [&](auto count, int head) {
            constexpr int HEADS = decltype(count)::value;
            constexpr int TOKENS = ISA<BITS>::kTokens;
            size_t t = 0;
            for (; t + TOKENS <= tokens; t += TOKENS) {
                score_tokens<HEADS, TOKENS>(shape, rows + t * row_stride, row_stride, query, head, out + t, out_stride);
            }
            for (; t < tokens; t++) score_tokens<HEADS, 1>(shape, rows + t * row_stride, row_stride, query, head, out + t, out_stride);
        });
    }

    static void add_tile(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const float* weights,
                         size_t weight_stride, int heads, float* out) {
        const size_t row = static_cast<size_t>(shape.block) * shape.blocks;
        for (int b = 0; b < shape.blocks; b++) {
            const uint8_t* blocks = rows + b * block_bytes(BITS, shape.block);
            float rms[TQ_TILE];
            WeightTile tiles[TQ_MAX_HEADS];
            for (size_t t = 0; t < tokens; t++) rms[t] = block_rms(blocks + t * row_stride);
            for (int head = 0; head < heads; head++) quantize_weights(weights + head * weight_stride, rms, tokens, &tiles[head]);
            for (int group = 0; group < shape.block / TQ_GROUP; group++) {
                ISA<BITS>::add_group(blocks, shape.block, row_stride, tokens, group, tiles, heads, out + b * shape.block, row);
            }
        }
    }

    static void accumulate(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const float* weights,
                           size_t weight_stride, int heads, float* out) {
        for (size_t first = 0; first < tokens; first += TQ_TILE) {
            const size_t count = tokens - first < TQ_TILE ? tokens - first : TQ_TILE;
            add_tile(shape, rows + first * row_stride, row_stride, count, weights + first, weight_stride, heads, out);
        }
    }
};

template <template <int> class ISA>
struct KernelTable {
    static void scores(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const tq_query* query, float* out,
                       size_t out_stride) {
        switch (shape.format) {
            case TQ_3: return Walk<ISA, 3>::scores(shape, rows, row_stride, tokens, query, out, out_stride);
            case TQ_4: return Walk<ISA, 4>::scores(shape, rows, row_stride, tokens, query, out, out_stride);
            case TQ_5: return Walk<ISA, 5>::scores(shape, rows, row_stride, tokens, query, out, out_stride);
            case TQ_6: return Walk<ISA, 6>::scores(shape, rows, row_stride, tokens, query, out, out_stride);
        }
    }

    static void accumulate(tq_shape shape, const uint8_t* rows, size_t row_stride, size_t tokens, const float* weights,
                           size_t weight_stride, int heads, float* out) {
        switch (shape.format) {
            case TQ_3: return Walk<ISA, 3>::accumulate(shape, rows, row_stride, tokens, weights, weight_stride, heads, out);
            case TQ_4: return Walk<ISA, 4>::accumulate(shape, rows, row_stride, tokens, weights, weight_stride, heads, out);
            case TQ_5: return Walk<ISA, 5>::accumulate(shape, rows, row_stride, tokens, weights, weight_stride, heads, out);
            case TQ_6: return Walk<ISA, 6>::accumulate(shape, rows, row_stride, tokens, weights, weight_stride, heads, out);
        }
    }

    static constexpr tq_kernels of(tq_isa isa) { return {isa, scores, accumulate}; }
};

}  // namespace

// One a file of src/arch; a build has those of its own architecture.
const tq_kernels* scalar_kernels() noexcept;
const tq_kernels* avx2_kernels() noexcept;
const tq_kernels* avx512_vnni_kernels() noexcept;
const tq_kernels* neon_dotprod_kernels() noexcept;

}  // namespace tq
