// What happens to a score before the softmax: scale, soft cap, mask and ALiBi slope.
#pragma once

#include "ggml.h"

#include <cstdint>

namespace innerloop {

class score_rules {
  public:
    explicit score_rules(const ggml_tensor * dst);

    // scores = cap·tanh(scale·scores / cap) + slope(head)·mask
    void apply(float * scores, int tokens, const float * mask, int64_t head) const;

  private:
    float slope(int64_t head) const;

    float scale;
    float max_bias;
    float soft_cap;
    int64_t heads;
};

} // namespace innerloop
