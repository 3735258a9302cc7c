// How one attention operation is cut into pieces: tiles of query rows that share their keys, and splits of the cache.

#include "attention-plan.h"

#include "int8-values.h"

#include <algorithm>

namespace innerloop {
namespace {

// Pieces that keep a few cores busy to the end; more only add merging. Not the number of threads: the result of a call
// must not depend on how many of them were free.
constexpr int64_t ENOUGH_PIECES = 16;
// A split this short costs more than it gains.
constexpr int64_t LEAST_SPLIT_TOKENS = 256;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1)/b; }

// With more rows than this, converting halves once for all of them is cheaper than at each look.
constexpr int64_t MOST_ROWS_IN_PLACE = 16;

reading reading_of(const ggml_tensor * rows, const kv_format & format, int64_t query_rows) {
    const bool whole_vectors = rows->ne[0] % simd::LANES == 0;
    if (rows->type == GGML_TYPE_F16 && whole_vectors && query_rows <= MOST_ROWS_IN_PLACE) {
        return reading::f16_in_place;
    }
    if (rows->type == GGML_TYPE_F32 && whole_vectors) {
        return reading::f32_in_place;
    }
    return HAS_INT8_DOT && format.span > 0 && rows->ne[0] % format.span == 0 ? reading::as_int8 : reading::as_float;
}

bool fits(const ggml_tensor * dst) {
    const ggml_tensor * q = dst->src[0];
    const ggml_tensor * k = dst->src[1];
    const ggml_tensor * v = dst->src[2];
    const ggml_tensor * mask = dst->src[3];
    return q->type == GGML_TYPE_F32 && q->nb[0] == sizeof(float) && dst->nb[0] == sizeof(float) &&
           k->nb[0] == ggml_type_size(k->type) && v->nb[0] == ggml_type_size(v->type) &&
           k->ne[1] == v->ne[1] && k->ne[2] == v->ne[2] && k->ne[3] == v->ne[3] && k->ne[1] > 0 &&
           q->ne[2] % k->ne[2] == 0 && q->ne[3] % k->ne[3] == 0 && (mask == nullptr || mask->type == GGML_TYPE_F16);
}

void split_cache(attention_plan & plan) {
    const int64_t tiles = plan.groups*plan.row_tiles;
    const int64_t wanted = ceil_div(ENOUGH_PIECES, tiles);
    const int64_t tokens = std::max(LEAST_SPLIT_TOKENS, ceil_div(plan.tokens, wanted));
    plan.split_tokens = ceil_div(tokens, TOKEN_TILE)*TOKEN_TILE;
    plan.splits = ceil_div(plan.tokens, plan.split_tokens);
}

void lay_out(attention_plan & plan) {
    int64_t end = 0;
    // Whole cache lines, so that threads do not share one.
    const auto take = [&](int64_t floats) {
        const int64_t begin = end;
        end += ceil_div(floats, 16)*16;
        return begin;
    };
    auto & at = plan.layout;
    const bool int8_keys = plan.key_reading == reading::as_int8;
    at.query = take(int8_keys ? int8_query_floats(plan.key_size)*ROW_TILE : plan.key_width*ROW_TILE);
    at.scores = take(ROW_TILE*TOKEN_TILE);
    at.sums = take(ROW_TILE*plan.value_width);
    at.mask = take(ROW_TILE*TOKEN_TILE);
    at.keys = take(int8_keys ? int8_keys_floats(plan.key_size) : TOKEN_TILE*plan.key_width);
    const bool int8_values = plan.value_reading == reading::as_int8;
    at.values = take(int8_values ? int8_values_floats(TOKEN_TILE) : TOKEN_TILE*plan.value_width);
    at.size = end;
}

} // namespace

bool plan_attention(const ggml_tensor * dst, attention_plan & plan) {
    if (!fits(dst)) {
        return false;
    }
    plan.q = dst->src[0];
    plan.k = dst->src[1];
    plan.v = dst->src[2];
    plan.mask = dst->src[3];
    plan.sinks = dst->src[4];
    plan.key_format = find_kv_format(plan.k->type);
    plan.value_format = find_kv_format(plan.v->type);
    if (plan.key_format == nullptr || plan.value_format == nullptr) {
        return false;
    }
    plan.key_size = plan.k->ne[0];
    plan.value_size = plan.v->ne[0];
    plan.key_width = simd::padded(plan.key_size);
    plan.value_width = simd::padded(plan.value_size);
    plan.tokens = plan.k->ne[1];
    plan.heads = plan.q->ne[2]/plan.k->ne[2];
    plan.groups = plan.k->ne[2]*plan.q->ne[3];
    plan.group_rows = plan.heads*plan.q->ne[1];
    plan.row_tiles = ceil_div(plan.group_rows, ROW_TILE);
    plan.key_reading = reading_of(plan.k, *plan.key_format, plan.group_rows);
    plan.value_reading = reading_of(plan.v, *plan.value_format, plan.group_rows);
    split_cache(plan);
    lay_out(plan);
    return true;
}

} // namespace innerloop
