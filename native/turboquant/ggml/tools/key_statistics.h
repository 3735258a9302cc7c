// What attention sees of keys and queries while a model reads a text: moments by cache and KV head.
#pragma once

#include "ggml.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace kv {

struct head_statistics {
    int size = 0;
    int64_t keys = 0;
    int64_t queries = 0;
    std::vector<double> key_sum;      // [size]
    std::vector<double> key_products; // [size, size], of keys as they are
    std::vector<double> query_energy; // [size], sums of squares over all query heads and layers that read the cache
};

// By layer that writes the cache, and KV head.
using key_statistics = std::map<std::pair<int, int>, head_statistics>;

// A callback for llama_context_params.cb_eval, with key_statistics as its data. The cache has to be f16: of another type keys and
// queries are rotated already. The first four cells are left out, since the first tokens' keys are like no others.
bool collect_key_statistics(ggml_tensor * node, bool is_question, void * data);

} // namespace kv
