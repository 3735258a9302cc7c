// Scores and weighted sums of a tile of tokens in floats, each key and value read once for all rows of queries.

#include "float-tile.h"

#include "simd.h"

namespace innerloop {
namespace {

using namespace simd;

template <int C> void store_sums(const vec * acc, float * out) {
    if constexpr (C % 4 == 0) {
        for (int c = 0; c < C; c += 4) {
            sum4(acc + c, out + c);
        }
    } else {
        for (int c = 0; c < C; c++) {
            out[c] = sum(acc[c]);
        }
    }
}

// Accumulators that one pass keeps in registers: R rows of queries times C tokens, or C vectors of a value.
template <int R, int C, typename T>
void score_block(int64_t depth, const float * q, const float_rows<T> & k, int64_t token, float * scores, int64_t stride) {
    const T * keys[C];
    vec acc[R][C];
    for (int c = 0; c < C; c++) {
        keys[c] = k.row(token + c);
        for (int r = 0; r < R; r++) {
            acc[r][c] = zero();
        }
    }
    for (int64_t d = 0; d < depth; d += LANES) {
        vec key[C];
        for (int c = 0; c < C; c++) {
            key[c] = load(keys[c] + d);
        }
        for (int r = 0; r < R; r++) {
            const vec query = load(q + r*depth + d);
            for (int c = 0; c < C; c++) {
                acc[r][c] = fma(query, key[c], acc[r][c]);
            }
        }
    }
    for (int r = 0; r < R; r++) {
        store_sums<C>(acc[r], scores + r*stride);
    }
}

template <int R, typename T>
void score_rows(int tokens, int64_t depth, const float * q, const float_rows<T> & k, float * scores, int64_t stride) {
    constexpr int C = SUMS/R;
    int t = 0;
    for (; t + C <= tokens; t += C) {
        score_block<R, C>(depth, q, k, t, scores + t, stride);
    }
    for (; t < tokens; t++) {
        score_block<R, 1>(depth, q, k, t, scores + t, stride);
    }
}

template <int R, int C, typename T>
void sum_block(int tokens, int64_t width, const float * weights, int64_t stride, const float_rows<T> & v, int64_t column, float * sums) {
    vec acc[R][C];
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < C; c++) {
            acc[r][c] = load(sums + r*width + column + c*LANES);
        }
    }
    for (int t = 0; t < tokens; t++) {
        const T * values = v.row(t) + column;
        vec value[C];
        for (int c = 0; c < C; c++) {
            value[c] = load(values + c*LANES);
        }
        for (int r = 0; r < R; r++) {
            const vec weight = set1(weights[r*stride + t]);
            for (int c = 0; c < C; c++) {
                acc[r][c] = fma(weight, value[c], acc[r][c]);
            }
        }
    }
    for (int r = 0; r < R; r++) {
        for (int c = 0; c < C; c++) {
            store(sums + r*width + column + c*LANES, acc[r][c]);
        }
    }
}

template <int R, typename T>
void sum_rows(int tokens, int64_t width, const float * weights, int64_t stride, const float_rows<T> & v, float * sums) {
    constexpr int C = SUMS/R;
    int64_t column = 0;
    for (; column + C*LANES <= width; column += C*LANES) {
        sum_block<R, C>(tokens, width, weights, stride, v, column, sums);
    }
    for (; column < width; column += LANES) {
        sum_block<R, 1>(tokens, width, weights, stride, v, column, sums);
    }
}

// Most rows that still leave a register for every second token or vector.
constexpr int MOST_ROWS = SUMS/2;

// Squares of sums load least for what they multiply; keys of f16 are rather converted half as often.
template <typename T> constexpr int MOST_SCORE_ROWS = sizeof(T) == sizeof(float) && SUMS == 16 ? 4 : MOST_ROWS;

} // namespace

template <typename T>
void float_scores(int rows, int tokens, int64_t depth, const float * q, const float_rows<T> & k, float * scores, int64_t stride) {
    int r = 0;
    for (; r + MOST_SCORE_ROWS<T> <= rows; r += MOST_SCORE_ROWS<T>) {
        score_rows<MOST_SCORE_ROWS<T>>(tokens, depth, q + r*depth, k, scores + r*stride, stride);
    }
    for (; r + 4 <= rows; r += 4) {
        score_rows<4>(tokens, depth, q + r*depth, k, scores + r*stride, stride);
    }
    for (; r + 2 <= rows; r += 2) {
        score_rows<2>(tokens, depth, q + r*depth, k, scores + r*stride, stride);
    }
    if (r < rows) {
        score_rows<1>(tokens, depth, q + r*depth, k, scores + r*stride, stride);
    }
}

template <typename T>
void float_accumulate(int rows, int tokens, int64_t width, const float * weights, int64_t stride, const float_rows<T> & v, float * sums) {
    int r = 0;
    for (; r + MOST_ROWS <= rows; r += MOST_ROWS) {
        sum_rows<MOST_ROWS>(tokens, width, weights + r*stride, stride, v, sums + r*width);
    }
    for (; r + 4 <= rows; r += 4) {
        sum_rows<4>(tokens, width, weights + r*stride, stride, v, sums + r*width);
    }
    for (; r + 2 <= rows; r += 2) {
        sum_rows<2>(tokens, width, weights + r*stride, stride, v, sums + r*width);
    }
    if (r < rows) {
        sum_rows<1>(tokens, width, weights + r*stride, stride, v, sums + r*width);
    }
}

template void float_scores(int, int, int64_t, const float *, const float_rows<float> &, float *, int64_t);
template void float_scores(int, int, int64_t, const float *, const float_rows<ggml_fp16_t> &, float *, int64_t);
template void float_accumulate(int, int, int64_t, const float *, int64_t, const float_rows<float> &, float *);
template void float_accumulate(int, int, int64_t, const float *, int64_t, const float_rows<ggml_fp16_t> &, float *);

} // namespace innerloop
