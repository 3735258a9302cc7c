#include "key_statistics.h"

#include <cstdio>
#include <cstring>

namespace kv {
namespace {

constexpr int64_t FIRST_CELL = 4;

// The layer in a cache's name, or -1.
int layer_of(const ggml_tensor * tensor) {
    const ggml_tensor * cache = tensor->view_src != nullptr ? tensor->view_src : tensor;
    int layer = -1;
    return sscanf(cache->name, "cache_k_l%d", &layer) == 1 ? layer : -1;
}

head_statistics & head_of(key_statistics & all, int layer, int head, int64_t size) {
    auto & found = all[{ layer, head }];
    if (found.size == 0) {
        found.size = (int) size;
        found.key_sum.resize(size);
        found.key_products.resize(size*size);
        found.query_energy.resize(size);
    }
    return found;
}

void add_key(head_statistics & head, const float * key) {
    head.keys++;
    for (int i = 0; i < head.size; i++) {
        const double x = key[i];
        double * row = head.key_products.data() + (size_t) i*head.size;
        head.key_sum[i] += x;
        for (int j = 0; j <= i; j++) {
            row[j] += x*key[j];
        }
    }
}

// SET_ROWS of [kv heads · size, tokens].
void add_keys(key_statistics & all, const ggml_tensor * node, int layer) {
    const ggml_tensor * keys = node->src[0];
    const ggml_tensor * cells = node->src[1];
    // Rows are a view of [size, kv heads, tokens].
    const ggml_tensor * shape = keys->op == GGML_OP_VIEW ? keys->src[0] : keys;
    const int64_t size = shape->ne[0], heads = keys->ne[0]/size;
    for (int64_t t = 0; t < keys->ne[1]; t++) {
        if (((const int64_t *) cells->data)[t] < FIRST_CELL) {
            continue;
        }
        const auto * row = (const float *) ((const char *) keys->data + t*keys->nb[1]);
        for (int64_t h = 0; h < heads; h++) {
            add_key(head_of(all, layer, (int) h, size), row + h*size);
        }
    }
}

// FLASH_ATTN_EXT: queries [size, tokens, heads], keys [size, cells, kv heads].
void add_queries(key_statistics & all, const ggml_tensor * node, int layer) {
    const ggml_tensor * q = node->src[0];
    const int64_t group = q->ne[2]/node->src[1]->ne[2];
    for (int64_t h = 0; h < q->ne[2]; h++) {
        auto & head = head_of(all, layer, (int) (h/group), q->ne[0]);
        for (int64_t t = 0; t < q->ne[1]; t++) {
            const auto * row = (const float *) ((const char *) q->data + h*q->nb[2] + t*q->nb[1]);
            for (int i = 0; i < head.size; i++) {
                head.query_energy[i] += (double) row[i]*row[i];
            }
            head.queries++;
        }
    }
}

} // namespace

bool collect_key_statistics(ggml_tensor * node, bool is_question, void * data) {
    const bool is_attention = node->op == GGML_OP_FLASH_ATTN_EXT;
    if (!is_attention && node->op != GGML_OP_SET_ROWS) {
        return false;
    }
    const int layer = layer_of(is_attention ? node->src[1] : node);
    if (layer < 0 || is_question) {
        return layer >= 0;
    }
    auto & all = *(key_statistics *) data;
    if (is_attention) {
        add_queries(all, node, layer);
    } else {
        add_keys(all, node, layer);
    }
    return true;
}

} // namespace kv
