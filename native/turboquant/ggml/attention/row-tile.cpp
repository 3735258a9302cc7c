// Attention of one tile of query rows over one split of the cache, with a running maximum.

#include "row-tile.h"

#include "float-tile.h"
#include "int8-values.h"
#include "mask-tile.h"
#include "score-rules.h"
#include "vec.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace innerloop {
namespace {

using namespace simd;

// What one thread has at hand while it works on a piece.
struct workplace {
    const attention_plan & plan;
    const attention_piece & piece;
    const score_rules rules;
    float * query;
    float * scores;
    float * sums;
    float * keys;
    float * values;
    const char * key_rows;
    const char * value_rows;
    mask_tile mask;
    float maximum[ROW_TILE];
    float total[ROW_TILE];
    row_place places[ROW_TILE];

    workplace(const attention_plan & p, const attention_piece & of, const ggml_tensor * dst, float * scratch)
        : plan(p), piece(of), rules(dst), query(scratch + p.layout.query), scores(scratch + p.layout.scores),
          sums(scratch + p.layout.sums), keys(scratch + p.layout.keys), values(scratch + p.layout.values),
          mask(p.mask, scratch + p.layout.mask) {
        const int64_t head = of.group % p.k->ne[2];
        const int64_t batch = of.group/p.k->ne[2];
        key_rows = (const char *) p.k->data + head*p.k->nb[2] + batch/(p.q->ne[3]/p.k->ne[3])*p.k->nb[3];
        value_rows = (const char *) p.v->data + head*p.v->nb[2] + batch/(p.q->ne[3]/p.v->ne[3])*p.v->nb[3];
        for (int r = 0; r < of.rows; r++) {
            places[r] = place_of(p, of.group, of.first_row + r);
            maximum[r] = -INFINITY;
            total[r] = 0;
            mask.add_row(places[r]);
        }
        memset(sums, 0, of.rows*p.value_width*sizeof(float));
    }
};

void take_queries(workplace & w) {
    const auto & plan = w.plan;
    for (int r = 0; r < w.piece.rows; r++) {
        const row_place & at = w.places[r];
        const float * q = (const float *) ((const char *) plan.q->data + at.token*plan.q->nb[1] + at.head*plan.q->nb[2] + at.batch*plan.q->nb[3]);
        if (plan.key_reading == reading::as_int8) {
            quantize_query(q, plan.key_size, plan.key_format->span, w.query + r*int8_query_floats(plan.key_size));
            continue;
        }
        float * out = w.query + r*plan.key_width;
        memcpy(out, q, plan.key_size*sizeof(float));
        std::fill(out + plan.key_size, out + plan.key_width, 0.0f);
    }
}

// Rows of `size` elements as floats of `width`, what is beyond filled with zeros.
void unpack_floats(const ggml_tensor * of, const kv_format & format, const char * rows, size_t stride, int tokens, int64_t width, float * out) {
    const int64_t size = of->ne[0];
    for (int t = 0; t < tokens; t++) {
        float * to = out + t*width;
        const char * from = rows + t*stride;
        if (of->type == GGML_TYPE_F32) {
            memcpy(to, from, size*sizeof(float));
        } else {
            format.unpack_float(from, to, size);
        }
        std::fill(to + size, to + width, 0.0f);
    }
}

void score(workplace & w, int64_t first, int tokens) {
    const auto & plan = w.plan;
    const size_t stride = plan.k->nb[1];
    const char * rows = w.key_rows + first*stride;
    switch (plan.key_reading) {
        case reading::f16_in_place:
            float_scores(w.piece.rows, tokens, plan.key_width, w.query, float_rows<ggml_fp16_t> { rows, stride }, w.scores, TOKEN_TILE);
            return;
        case reading::f32_in_place:
            float_scores(w.piece.rows, tokens, plan.key_width, w.query, float_rows<float> { rows, stride }, w.scores, TOKEN_TILE);
            return;
        case reading::as_int8:
            int8_scores(*plan.key_format, rows, stride, plan.key_size, tokens, w.piece.rows, w.query, w.keys, w.scores, TOKEN_TILE);
            return;
        case reading::as_float: {
            unpack_floats(plan.k, *plan.key_format, rows, stride, tokens, plan.key_width, w.keys);
            const float_rows<float> keys { (const char *) w.keys, plan.key_width*sizeof(float) };
            float_scores(w.piece.rows, tokens, plan.key_width, w.query, keys, w.scores, TOKEN_TILE);
            return;
        }
    }
}

void accumulate(workplace & w, int64_t first, int tokens) {
    const auto & plan = w.plan;
    const size_t stride = plan.v->nb[1];
    const char * rows = w.value_rows + first*stride;
    if (plan.value_reading == reading::as_int8) {
        int8_accumulate(*plan.value_format, rows, stride, plan.value_size, tokens, TOKEN_TILE, w.piece.rows, w.scores, w.values, w.sums);
    } else if (plan.value_reading == reading::f16_in_place) {
        float_accumulate(w.piece.rows, tokens, plan.value_width, w.scores, TOKEN_TILE, float_rows<ggml_fp16_t> { rows, stride }, w.sums);
    } else if (plan.value_reading == reading::f32_in_place) {
        float_accumulate(w.piece.rows, tokens, plan.value_width, w.scores, TOKEN_TILE, float_rows<float> { rows, stride }, w.sums);
    } else {
        unpack_floats(plan.v, *plan.value_format, rows, stride, tokens, plan.value_width, w.values);
        const float_rows<float> values { (const char *) w.values, plan.value_width*sizeof(float) };
        float_accumulate(w.piece.rows, tokens, plan.value_width, w.scores, TOKEN_TILE, values, w.sums);
    }
}

// Scores become weights, relative to the largest score so far.
void weigh(workplace & w, int row, int tokens) {
    float * scores = w.scores + row*TOKEN_TILE;
    // A last tile that is not full: what stands behind it weighs nothing.
    std::fill(scores + tokens, scores + TOKEN_TILE, 0.0f);
    w.rules.apply(scores, tokens, w.mask.row(row), w.places[row].head);
    float largest;
    ggml_vec_max_f32(tokens, &largest, scores);
    const float maximum = std::max(w.maximum[row], largest);
    if (maximum == -INFINITY) {
        std::fill(scores, scores + tokens, 0.0f);
        return;
    }
    if (maximum > w.maximum[row]) {
        const float shrink = std::exp(w.maximum[row] - maximum);
        ggml_vec_scale_f32((int) w.plan.value_width, w.sums + row*w.plan.value_width, shrink);
        w.total[row] *= shrink;
        w.maximum[row] = maximum;
    }
    w.total[row] += (float) ggml_vec_soft_max_f32(tokens, scores, scores, maximum);
}

// A sink is a score without a value; it counts once, in the first split.
void add_sink(workplace & w, int row) {
    const float sink = ((const float *) w.plan.sinks->data)[w.places[row].head];
    const float maximum = std::max(w.maximum[row], sink);
    const float shrink = std::exp(w.maximum[row] - maximum);
    ggml_vec_scale_f32((int) w.plan.value_width, w.sums + row*w.plan.value_width, shrink);
    w.total[row] = w.total[row]*shrink + std::exp(sink - maximum);
    w.maximum[row] = maximum;
}

void write_row(const attention_plan & plan, const row_place & at, float total, const float * sums, ggml_tensor * dst) {
    const float inverse = total == 0.0f ? 0.0f : 1.0f/total;
    float * out = (float *) ((char *) dst->data + (at.batch*dst->ne[2]*dst->ne[1] + at.head + at.token*dst->ne[1])*dst->nb[1]);
    for (int64_t i = 0; i < plan.value_size; i++) {
        out[i] = sums[i]*inverse;
    }
}

float * partial_of(const attention_plan & plan, int64_t row, int64_t split, float * partials) {
    return partials + (row*plan.splits + split)*plan.partial_size();
}

void give(workplace & w, ggml_tensor * dst, float * partials) {
    const auto & plan = w.plan;
    for (int r = 0; r < w.piece.rows; r++) {
        if (plan.sinks != nullptr && w.piece.split == 0) {
            add_sink(w, r);
        }
        const float * sums = w.sums + r*plan.value_width;
        if (plan.splits == 1) {
            write_row(plan, w.places[r], w.total[r], sums, dst);
            continue;
        }
        float * partial = partial_of(plan, w.piece.group*plan.group_rows + w.piece.first_row + r, w.piece.split, partials);
        partial[0] = w.maximum[r];
        partial[1] = w.total[r];
        memcpy(partial + 2, sums, plan.value_width*sizeof(float));
    }
}

} // namespace

attention_piece find_piece(const attention_plan & plan, int64_t index) {
    const int64_t split = index % plan.splits;
    const int64_t tile = index/plan.splits;
    const int64_t first_row = tile % plan.row_tiles*ROW_TILE;
    attention_piece piece;
    piece.group = tile/plan.row_tiles;
    piece.split = split;
    piece.first_row = first_row;
    piece.rows = (int) std::min<int64_t>(ROW_TILE, plan.group_rows - first_row);
    piece.first_token = split*plan.split_tokens;
    piece.last_token = std::min(plan.tokens, piece.first_token + plan.split_tokens);
    return piece;
}

row_place place_of(const attention_plan & plan, int64_t group, int64_t row) {
    // The heads of a token stand side by side: they share its mask.
    return { group % plan.k->ne[2]*plan.heads + row % plan.heads, row/plan.heads, group/plan.k->ne[2] };
}

void attend(const attention_plan & plan, const attention_piece & piece, ggml_tensor * dst, float * scratch, float * partials) {
    workplace w(plan, piece, dst, scratch);
    take_queries(w);
    for (int64_t first = piece.first_token; first < piece.last_token; first += TOKEN_TILE) {
        const int tokens = (int) std::min<int64_t>(TOKEN_TILE, piece.last_token - first);
        if (!w.mask.read(first, tokens)) {
            continue;
        }
        score(w, first, tokens);
        for (int r = 0; r < piece.rows; r++) {
            weigh(w, r, tokens);
        }
        accumulate(w, first, tokens);
    }
    give(w, dst, partials);
}

void merge_row(const attention_plan & plan, int64_t row, float * partials, ggml_tensor * dst, float * sums) {
    float maximum = -INFINITY;
    for (int64_t s = 0; s < plan.splits; s++) {
        maximum = std::max(maximum, partial_of(plan, row, s, partials)[0]);
    }
    float total = 0;
    std::fill(sums, sums + plan.value_width, 0.0f);
    for (int64_t s = 0; s < plan.splits; s++) {
        const float * partial = partial_of(plan, row, s, partials);
        if (partial[1] == 0.0f) {
            continue;
        }
        const float share = std::exp(partial[0] - maximum);
        total += share*partial[1];
        ggml_vec_mad_f32((int) plan.value_width, sums, partial + 2, share);
    }
    write_row(plan, place_of(plan, row/plan.group_rows, row % plan.group_rows), total, sums, dst);
}

} // namespace innerloop
