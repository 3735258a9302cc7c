// The codec as the papers describe it as a type of ggml: PolarQuant's rotation, Lloyd–Max codes of 3 bits, and QJL's bit for what they miss.
#include "published-type.h"

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "ggml.h"

#include "turboquant/published.h"

#include <cstring>

namespace {

constexpr int HEAD = 256;

// Made once; a fresh one can only fail for want of memory.
const tq::PublishedCodec & codec() {
    static const tq::PublishedCodec made = [] {
        tq::PublishedSpec spec;
        spec.head_dim = HEAD;
        spec.bits = 3;
        spec.residual = tq::ResidualKind::orthogonal;
        tq::PublishedCodec fresh;
        GGML_ASSERT(tq::PublishedCodec::create(spec, &fresh) == TQ_OK && fresh.vector_bytes() == INNERLOOP_TQJ_BYTES);
        return fresh;
    }();
    return made;
}

} // namespace

void innerloop_tqj4_to_float(const void * x, float * y, int64_t k) {
    codec().reconstruct((const uint8_t *) x, k/HEAD, y);
}

void innerloop_tqj4_from_float(const float * x, void * y, int64_t k) {
    // Refused where a number is not finite: such a row is zero.
    if (codec().encode(x, k/HEAD, (uint8_t *) y) != TQ_OK) {
        memset(y, 0, k/HEAD*INNERLOOP_TQJ_BYTES);
    }
}

size_t innerloop_tqj4_quantize(const float * x, void * y, int64_t rows, int64_t row) {
    innerloop_tqj4_from_float(x, y, rows*row);
    return rows*row/HEAD*INNERLOOP_TQJ_BYTES;
}

void innerloop_tqj4_dot_q8_0(int n, float * s, size_t, const void * x, size_t, const void * y, size_t, int) {
    float sum = 0;
    for (int at = 0; at < n; at += HEAD) {
        float values[HEAD];
        codec().reconstruct((const uint8_t *) x + (size_t) at/HEAD*INNERLOOP_TQJ_BYTES, 1, values);
        for (int i = 0; i < HEAD; i++) {
            const block_q8_0 & block = ((const block_q8_0 *) y)[(at + i)/QK8_0];
            sum += values[i]*ggml_fp16_to_fp32(block.d)*block.qs[i % QK8_0];
        }
    }
    *s = sum;
}
