// What happens to a score before the softmax: scale, soft cap, mask and ALiBi slope.

#include "score-rules.h"

#include "vec.h"

#include <cmath>
#include <cstring>

namespace innerloop {

score_rules::score_rules(const ggml_tensor * dst) : heads(dst->src[0]->ne[2]) {
    float parameters[3];
    memcpy(parameters, dst->op_params, sizeof(parameters));
    scale = parameters[0];
    max_bias = parameters[1];
    soft_cap = parameters[2];
    if (soft_cap != 0.0f) {
        scale /= soft_cap;
    }
}

void score_rules::apply(float * scores, int tokens, const float * mask, int64_t head) const {
    ggml_vec_scale_f32(tokens, scores, scale);
    if (soft_cap != 0.0f) {
        for (int t = 0; t < tokens; t++) {
            scores[t] = soft_cap*std::tanh(scores[t]);
        }
    }
    if (mask != nullptr) {
        ggml_vec_mad_f32(tokens, scores, mask, slope(head));
    }
}

// ALiBi: powers of two steps, as ggml_soft_max_ext defines them.
float score_rules::slope(int64_t head) const {
    if (max_bias <= 0.0f) {
        return 1.0f;
    }
    const int64_t power = (int64_t) 1 << (int64_t) std::floor(std::log2((double) heads));
    if (head < power) {
        return std::pow(std::pow(2.0f, -max_bias/power), (float) (head + 1));
    }
    return std::pow(std::pow(2.0f, -max_bias/2.0f/power), (float) (2*(head - power) + 1));
}

} // namespace innerloop
