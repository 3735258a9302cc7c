// ARMv8.2 with dot product (Cortex-A76): SDOT for keys, UDOT for values.
#include "../../kernel_table.hpp"
#include "dot_neon.hpp"

namespace tq {
namespace {

template <int BITS>
struct NeonDotprod {
    static constexpr int kTokens = 2;

    template <int HEADS, int TOKENS>
    static void dot_block(const uint8_t* block, size_t row_stride, int size, const tq_query* query, int head, int offset,
                          int32_t (*sums)[HEADS]) {
        const int8_t* queries[HEADS];
        for (int h = 0; h < HEADS; h++) queries[h] = query->values[head + h] + offset;
        int32x4_t sum[TOKENS][HEADS];
        dot_block_neon<BITS, HEADS, TOKENS>(block, row_stride, size, queries, sum);
        for (int t = 0; t < TOKENS; t++) {
            for (int h = 0; h < HEADS; h++) sums[t][h] = vaddvq_s32(sum[t][h]);
        }
    }

    // interleave_neon with 128 added, for UDOT.
    static void lift_and_interleave(NeonSteps* tokens, uint8x16_t* out) {
        for (int t = 0; t < 4; t++) {
            for (auto& half : tokens[t].half) half = veorq_s8(half, vdupq_n_s8(-128));
        }
        interleave_neon(tokens, [&](int i, int8x16_t words) { out[i] = vreinterpretq_u8_s8(words); });
    }

    static void add_head(const uint8x16_t (*quads)[8], size_t count, const WeightTile& weights, float* out) {
        uint32x4_t sum[8];
        for (int i = 0; i < 8; i++) sum[i] = vdupq_n_u32(0);
        for (size_t p = 0; p < count; p++) {
            uint32_t quad;
            std::memcpy(&quad, weights.values + 4 * p, 4);
            const uint8x16_t w = vreinterpretq_u8_u32(vdupq_n_u32(quad));
            for (int i = 0; i < 8; i++) sum[i] = vdotq_u32(sum[i], quads[p][i], w);
        }
        const int32x4_t lift = vdupq_n_s32(128 * weights.sum);
        const float scale = weights.scale * Format<BITS>::unit;
        for (int i = 0; i < 8; i++) {
            const float32x4_t product = vmulq_n_f32(vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(sum[i]), lift)), scale);
            vst1q_f32(out + 4 * i, vaddq_f32(vld1q_f32(out + 4 * i), product));
        }
    }

    static void add_group(const uint8_t* blocks, int block, size_t row_stride, size_t tokens, int group, const WeightTile* weights,
                          int heads, float* out, size_t out_stride) {
        uint8x16_t quads[TQ_TILE / 4][8];
        const size_t codes = header_bytes(block) + static_cast<size_t>(group) * kGroupBytes<BITS>;
        const size_t count = (tokens + 3) / 4;
        for (size_t p = 0; p < count; p++) {
            NeonSteps steps[4] = {};
            for (size_t t = 0; t < 4 && 4 * p + t < tokens; t++) {
                const uint8_t* row = blocks + (4 * p + t) * row_stride;
                steps[t] = unpack_neon<BITS>(row + codes, Format<BITS>::table(scale_index(row, group)));
            }
            lift_and_interleave(steps, quads[p]);
        }
        for (int head = 0; head < heads; head++) add_head(quads, count, weights[head], out + head * out_stride + group * TQ_GROUP);
    }
};

}  // namespace

const tq_kernels* neon_dotprod_kernels() noexcept {
    static constexpr tq_kernels kernels = KernelTable<NeonDotprod>::of(TQ_NEON_DOTPROD);
    return &kernels;
}

}  // namespace tq
