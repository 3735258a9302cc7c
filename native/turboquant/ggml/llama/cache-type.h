// Which type a cache gets for a model whose heads a block of the wanted type does not fit.
#pragma once

#include "ggml.h"
#include "llama-impl.h"
#include "llama-model.h"

#include <cstdint>
#include <numeric>

namespace innerloop {

// The same codes in the largest block that divides `head`, or GGML_TYPE_COUNT: no block does, or the type is not of the codec.
inline ggml_type with_block_for(ggml_type wanted, uint32_t head) {
    constexpr ggml_type FAMILIES[][3] = {
        { GGML_TYPE_TQ3, GGML_TYPE_TQ3_128, GGML_TYPE_TQ3_64 }, { GGML_TYPE_TQ4, GGML_TYPE_TQ4_128, GGML_TYPE_TQ4_64 },
        { GGML_TYPE_TQ5, GGML_TYPE_TQ5_128, GGML_TYPE_TQ5_64 }, { GGML_TYPE_TQ6, GGML_TYPE_TQ6_128, GGML_TYPE_TQ6_64 },
        // Segments are of heads of 256: others get blocks of at least as many bits.
        { GGML_TYPE_TQS35, GGML_TYPE_TQ4_128, GGML_TYPE_TQ4_64 }, { GGML_TYPE_TQS40, GGML_TYPE_TQ4_128, GGML_TYPE_TQ4_64 },
        { GGML_TYPE_TQS45, GGML_TYPE_TQ5_128, GGML_TYPE_TQ5_64 }, { GGML_TYPE_TQS50, GGML_TYPE_TQ5_128, GGML_TYPE_TQ5_64 },
        { GGML_TYPE_TQS60, GGML_TYPE_TQ6_128, GGML_TYPE_TQ6_64 },
    };
    for (const auto & family : FAMILIES) {
        for (int i = 0; family[0] == wanted && i < 3; i++) {
            if (head % ggml_blck_size(family[i]) == 0) {
                return family[i];
            }
        }
    }
    return GGML_TYPE_COUNT;
}

// `wanted` where it fits every layer, as all types but the codec's are left to; otherwise smaller blocks, and for heads
// that are no multiple of 64 q8_0 or f16, with a warning that says so.
inline ggml_type cache_type(ggml_type wanted, const llama_model & model, bool is_keys) {
    uint32_t head = 0;
    for (uint32_t il = 0; il < model.hparams.n_layer(); il++) {
        head = std::gcd(head, is_keys ? model.hparams.n_embd_head_k(il) : model.hparams.n_embd_head_v(il));
    }
    if (head == 0 || with_block_for(wanted, 256) != wanted) {
        return wanted;
    }
    const ggml_type fitting = with_block_for(wanted, head);
    if (fitting != GGML_TYPE_COUNT) {
        return fitting;
    }
    const ggml_type plain = head % ggml_blck_size(GGML_TYPE_Q8_0) == 0 ? GGML_TYPE_Q8_0 : GGML_TYPE_F16;
    LLAMA_LOG_WARN("%s: %s needs heads that are a multiple of 64, this model's are of %u: its cache of %s is %s\n", __func__, ggml_type_name(wanted), head,
                   is_keys ? "keys" : "values", ggml_type_name(plain));
    return plain;
}

} // namespace innerloop
