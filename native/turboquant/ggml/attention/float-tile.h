// Scores and weighted sums of a tile of tokens in floats, each key and value read once for all rows of queries.
#pragma once

#include "ggml.h"

#include <cstdint>

namespace innerloop {

// Rows of one kind of float, `stride` bytes apart. In a cache of f16 they are read where they lie.
template <typename T> struct float_rows {
    const char * data;
    size_t stride;

    const T * row(int64_t i) const { return (const T *) (data + i*stride); }
};

// scores[r][t] = q[r] · k[t]. `depth` is a multiple of simd::LANES; strides of floats are counted in floats.
template <typename T>
void float_scores(int rows, int tokens, int64_t depth, const float * q, const float_rows<T> & k, float * scores, int64_t score_stride);

// sums[r] += Σ_t weights[r][t] · v[t]. `width` is a multiple of simd::LANES and the stride of sums.
template <typename T>
void float_accumulate(int rows, int tokens, int64_t width, const float * weights, int64_t weight_stride, const float_rows<T> & v, float * sums);

} // namespace innerloop
