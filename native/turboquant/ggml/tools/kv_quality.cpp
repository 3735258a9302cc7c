// How far a type of cache moves a model's predictions: KL divergence from the same model with an f16 cache.
//
//   kv_quality MODEL TEXT CONTEXT CHUNKS THREADS VARIANT...
//
// A variant is TYPE, or TYPE of keys/TYPE of values, with "-" behind it for no rotation and "+" for balanced keys: q4_0, q4_0-, q4_0+, q4_0-+.
// The second half of each chunk counts, as in llama.cpp's perplexity tool. One JSON object a variant.

#include "kv_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>

namespace {

// All contexts see the same few tokens in turn, so that no predictions have to be kept.
constexpr int BATCH = 64;

struct variant {
    std::string name;
    llama_context * context = nullptr;
    std::vector<double> divergences;
    int64_t same_top = 0;
};

std::vector<llama_token> tokenize(const llama_model * model, const char * file) {
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    std::vector<llama_token> tokens(text.size() + 2);
    const int count = llama_tokenize(llama_model_get_vocab(model), text.data(), (int) text.size(), tokens.data(), (int) tokens.size(), true, false);
    if (count < 0) {
        kv::fail("the text cannot be tokenized");
    }
    tokens.resize(count);
    return tokens;
}

variant open_variant(const std::string & name, llama_model * plain, llama_model * balanced, int context, int threads) {
    variant v;
    v.name = name;
    const bool is_balanced = name.find('+') != std::string::npos;
    const bool is_rotated = name.find('-') == std::string::npos;
    const std::string types = name.substr(0, name.find_first_of("+-"));
    const auto [keys, values] = kv::types_named(types);
    v.context = kv::open(is_balanced ? balanced : plain, keys, values, is_rotated, context, BATCH, threads);
    return v;
}

void decode(llama_context * context, const llama_token * tokens, int first, int count, bool with_logits) {
    llama_batch batch = llama_batch_init(count, 0, 1);
    batch.n_tokens = count;
    for (int i = 0; i < count; i++) {
        batch.token[i] = tokens[first + i];
        batch.pos[i] = first + i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = with_logits;
    }
    if (llama_decode(context, batch) != 0) {
        kv::fail("a batch cannot be decoded");
    }
    llama_batch_free(batch);
}

struct distribution {
    const float * logits;
    float largest;
    double log_sum;
    int top;

    distribution(const float * l, int size) : logits(l) {
        top = (int) (std::max_element(l, l + size) - l);
        largest = l[top];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += std::exp(l[i] - largest);
        }
        log_sum = std::log(sum);
    }
};

// Σ p·(log p − log q)
double divergence(const distribution & p, const distribution & q, int size) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
        const double log_p = p.logits[i] - p.largest - p.log_sum;
        if (log_p > -30) {
            sum += std::exp(log_p)*(log_p - (q.logits[i] - q.largest - q.log_sum));
        }
    }
    return sum;
}

void compare(llama_context * base, variant & v, int count, int vocabulary) {
    for (int i = 0; i < count; i++) {
        const distribution p(llama_get_logits_ith(base, i), vocabulary);
        const distribution q(llama_get_logits_ith(v.context, i), vocabulary);
        v.divergences.push_back(divergence(p, q, vocabulary));
        v.same_top += p.top == q.top;
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
    llama_model * plain = kv::load(argv[1], false);
    llama_model * balanced = kv::load(argv[1], true);
    const auto tokens = tokenize(plain, argv[2]);
    if ((int64_t) tokens.size() < (int64_t) context*chunks) {
        kv::fail("the text has only " + std::to_string(tokens.size()) + " tokens");
    }
    llama_context * base = kv::open(plain, GGML_TYPE_F16, GGML_TYPE_F16, true, context, BATCH, threads);
    std::vector<variant> variants;
    for (int i = 6; i < argc; i++) {
        variants.push_back(open_variant(argv[i], plain, balanced, context, threads));
    }
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(plain));
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
            decode(base, part.data(), first, count, counts);
            for (auto & v : variants) {
                decode(v.context, part.data(), first, count, counts);
                if (counts) {
                    compare(base, v, count, vocabulary);
                }
            }
        }
    }
    for (const auto & v : variants) {
        report(v, variants.front());
    }
    return 0;
}
