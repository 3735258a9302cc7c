// How far a type of cache moves a model's predictions: KL divergence from the same model with an f16 cache.
//
//   kv_quality MODEL TEXT CONTEXT CHUNKS THREADS VARIANT...
//
// Variants: kv_variant.h.
// The second half of each chunk counts, as in llama.cpp's perplexity tool. One JSON object a variant.

#include "kv_variant.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

// All contexts see the same few tokens in turn, so that no predictions have to be kept.
constexpr int BATCH = 64;

struct variant {
    std::string name;
    llama_context * context = nullptr;
    std::vector<double> divergences;
    int64_t same_top = 0;
};

variant open_variant(const std::string & name, kv::models & all, int context, int threads) {
    variant v;
    v.name = name;
    v.context = kv::open_variant(name, all, context, BATCH, threads, false);
    return v;
}

// e^x for x ≤ 0 to 1e-7 of it, in steps that a compiler makes vectors of: a vocabulary has 262144 of them for each token.
inline float exp_of(float x) {
    x = std::max(x, -87.0f);
    // Towards zero is what vectors can do, and x is not positive.
    const float whole = (float) (int32_t) (x*1.44269504f - 0.5f);
    const float rest = (x - whole*0.693359375f) + whole*2.12194440e-4f;
    float sum = 1.9875691500e-4f;
    for (float term : { 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f, 1.0f, 1.0f }) {
        sum = sum*rest + term;
    }
    const int32_t power = ((int32_t) whole + 127) << 23;
    float scale;
    memcpy(&scale, &power, sizeof(scale));
    return sum*scale;
}

// Sums by lanes: floats in a row of a quarter million would lose digits, and a compiler may not reorder one sum.
constexpr int LANES = 16;

template <typename TERM> double sum_of(int size, TERM term) {
    double total = 0;
    for (int first = 0; first < size; first += 4096) {
        float lanes[LANES] = {};
        const int end = std::min(size, first + 4096);
        int i = first;
        for (; i + LANES <= end; i += LANES) {
            for (int lane = 0; lane < LANES; lane++) {
                lanes[lane] += term(i + lane);
            }
        }
        for (; i < end; i++) {
            lanes[0] += term(i);
        }
        for (float lane : lanes) {
            total += lane;
        }
    }
    return total;
}

int top_of(const float * logits, int size) {
    float largest = logits[0];
    for (int i = 1; i < size; i++) {
        largest = std::max(largest, logits[i]);
    }
    return (int) (std::find(logits, logits + size, largest) - logits);
}

// What the f16 cache predicts: made once, and compared with every variant.
struct prediction {
    std::vector<float> share; // p
    double entropy_part;      // Σ p·log p
    int top;
};

double log_sum(const float * logits, float largest, int size) {
    return std::log(sum_of(size, [&](int i) { return exp_of(logits[i] - largest); }));
}

void predict(const float * logits, int size, prediction & p) {
    p.top = top_of(logits, size);
    const float largest = logits[p.top];
    const double sum = log_sum(logits, largest, size);
    const float shift = largest + (float) sum;
    p.share.resize(size);
    for (int i = 0; i < size; i++) {
        p.share[i] = exp_of(logits[i] - shift);
    }
    p.entropy_part = sum_of(size, [&](int i) { return p.share[i]*(logits[i] - largest); }) - sum;
}

// Σ p·(log p − log q)
double divergence(const prediction & p, const float * logits, float largest, int size) {
    return p.entropy_part - sum_of(size, [&](int i) { return p.share[i]*(logits[i] - largest); }) + log_sum(logits, largest, size);
}

void compare(const std::vector<prediction> & base, variant & v, int count, int vocabulary) {
    for (int i = 0; i < count; i++) {
        const float * logits = llama_get_logits_ith(v.context, i);
        const int top = top_of(logits, vocabulary);
        v.divergences.push_back(divergence(base[i], logits, logits[top], vocabulary));
        v.same_top += base[i].top == top;
    }
}

struct spread {
    double mean;
    double error;
};

spread spread_of(const std::vector<double> & values) {
    double sum = 0, squares = 0;
    for (double value : values) {
        sum += value;
        squares += value*value;
    }
    const double n = values.size();
    const double mean = sum/n;
    return { mean, std::sqrt(std::max(0.0, squares/n - mean*mean)/n) };
}

// Of two variants on the same tokens the difference is far surer than either.
spread difference(const variant & a, const variant & b) {
    std::vector<double> values(a.divergences.size());
    for (size_t i = 0; i < values.size(); i++) {
        values[i] = a.divergences[i] - b.divergences[i];
    }
    return spread_of(values);
}

void report(const variant & v, const variant & first) {
    auto sorted = v.divergences;
    std::sort(sorted.begin(), sorted.end());
    const spread mean = spread_of(v.divergences);
    const spread paired = difference(v, first);
    printf("{\"variant\":\"%s\",\"tokens\":%zu,\"meanKld\":%.9f,\"standardError\":%.9f,\"kld999\":%.5f,\"sameTop\":%.5f,"
           "\"minusFirst\":%.9f,\"minusFirstError\":%.9f}\n",
           v.name.c_str(), sorted.size(), mean.mean, mean.error, sorted[sorted.size()*999/1000], (double) v.same_top/sorted.size(), paired.mean,
           paired.error);
}

} // namespace

int main(int argc, char ** argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: kv_quality MODEL TEXT CONTEXT CHUNKS THREADS VARIANT...\n");
        return 2;
    }
    const int context = atoi(argv[3]), chunks = atoi(argv[4]), threads = atoi(argv[5]);
    kv::start();
    kv::models all { argv[1], {} };
    llama_model * plain = all.get(kv::keys_as::in_the_file);
    const auto tokens = kv::tokenize(plain, argv[2]);
    if ((int64_t) tokens.size() < (int64_t) context*chunks) {
        kv::fail("the text has only " + std::to_string(tokens.size()) + " tokens");
    }
    llama_context * base = kv::open(plain, GGML_TYPE_F16, GGML_TYPE_F16, true, context, BATCH, threads);
    std::vector<variant> variants;
    for (int i = 6; i < argc; i++) {
        variants.push_back(open_variant(argv[i], all, context, threads));
    }
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(plain));
    std::vector<prediction> predictions(BATCH);
    for (int chunk = 0; chunk < chunks; chunk++) {
        // Every chunk begins as a text of its own does.
        std::vector<llama_token> part(tokens.begin() + chunk*context, tokens.begin() + (chunk + 1)*context);
        part[0] = tokens[0];
        llama_memory_clear(llama_get_memory(base), true);
        for (auto & v : variants) {
            llama_memory_clear(llama_get_memory(v.context), true);
        }
        for (int first = 0; first < context; first += BATCH) {
            const int count = std::min(BATCH, context - first);
            const bool counts = first >= context/2;
            kv::decode(base, part.data(), first, count, counts);
            for (int i = 0; counts && i < count; i++) {
                predict(llama_get_logits_ith(base, i), vocabulary, predictions[i]);
            }
            for (auto & v : variants) {
                kv::decode(v.context, part.data(), first, count, counts);
                if (counts) {
                    compare(predictions, v, count, vocabulary);
                }
            }
        }
    }
    for (const auto & v : variants) {
        report(v, variants.front());
    }
    return 0;
}
