// The reference that every instruction set is held against, and the fallback where there is none.
#include "kernel_table.hpp"
#include "weights.hpp"

namespace tq {
namespace {

template <int BITS>
struct Scalar {
    static constexpr int kTokens = 1;

    template <int HEADS, int TOKENS>
    static void dot_block(const uint8_t* block, size_t row_stride, int size, const tq_query* query, int head, int offset,
                          int32_t (*sums)[HEADS]) noexcept {
        for (int t = 0; t < TOKENS; t++) {
            for (int h = 0; h < HEADS; h++) sums[t][h] = 0;
            for (int group = 0; group < size / TQ_GROUP; group++) {
                int8_t steps[TQ_GROUP];
                unpack_steps<BITS>(block + t * row_stride, header_bytes(size), group, steps);
                for (int h = 0; h < HEADS; h++) {
                    const int8_t* values = query->values[head + h] + offset + group * TQ_GROUP;
                    for (int i = 0; i < TQ_GROUP; i++) sums[t][h] += steps[i] * values[i];
                }
            }
        }
    }

    // One group of TQ_GROUP coordinates over one tile of tokens.
    static void add_group(const uint8_t* blocks, int block, size_t row_stride, size_t tokens, int group, const WeightTile* weights,
                          int heads, float* out, size_t out_stride) noexcept {
        int8_t steps[TQ_TILE][TQ_GROUP];
        for (size_t t = 0; t < tokens; t++) unpack_steps<BITS>(blocks + t * row_stride, header_bytes(block), group, steps[t]);
        for (int head = 0; head < heads; head++) {
            const float scale = weights[head].scale * Format<BITS>::unit;
            for (int i = 0; i < TQ_GROUP; i++) {
                int32_t sum = 0;
                for (size_t t = 0; t < tokens; t++) sum += weights[head].values[t] * steps[t][i];
                out[head * out_stride + group * TQ_GROUP + i] += scale * static_cast<float>(sum);
            }
        }
    }
};

}  // namespace

const tq_kernels* scalar_kernels() noexcept {
    static constexpr tq_kernels kernels = KernelTable<Scalar>::of(TQ_SCALAR);
    return &kernels;
}

}  // namespace tq
