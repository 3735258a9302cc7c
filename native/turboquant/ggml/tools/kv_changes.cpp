// What becomes of a cache that is saved and read again, or moved to other positions.
//
//   kv_changes MODEL TEXT TOKENS THREADS TYPE...
//
// TYPE is one of keys and values, or KEYS/VALUES. A cache of TOKENS tokens is asked for the next PROBE predictions: as it is, after its
// state was read into a fresh context, and with the second half of its tokens moved on by MOVE positions. One JSON object a type.

#include "kv_model.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

constexpr int PROBE = 32;
constexpr int BATCH = 64;
constexpr int MOVE = 96;

using logits = std::vector<float>;

struct subject {
    llama_model * model;
    std::vector<llama_token> tokens;
    int count;
    int threads;
};

// Windows in full: a cache that has dropped what is behind them cannot be moved.
llama_context * open(const subject & s, const kv::cache_types & types) {
    auto params = kv::context_params(types.keys, types.values, s.count + PROBE + MOVE, BATCH, s.threads);
    params.swa_full = true;
    llama_context * context = llama_init_from_model(s.model, params);
    if (context == nullptr) {
        kv::fail("no context with such a cache");
    }
    return context;
}

// Predictions for the tokens behind the cache, `ahead` positions further on than they stand in the text; the cache is left as it was.
logits probe(llama_context * context, const subject & s, int ahead) {
    llama_batch batch = llama_batch_init(PROBE, 0, 1);
    batch.n_tokens = PROBE;
    for (int i = 0; i < PROBE; i++) {
        batch.token[i] = s.tokens[s.count + i];
        batch.pos[i] = s.count + ahead + i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = true;
    }
    if (llama_decode(context, batch) != 0) {
        kv::fail("a batch cannot be decoded");
    }
    llama_batch_free(batch);
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(s.model));
    logits all;
    for (int i = 0; i < PROBE; i++) {
        const float * row = llama_get_logits_ith(context, i);
        all.insert(all.end(), row, row + vocabulary);
    }
    llama_memory_seq_rm(llama_get_memory(context), 0, s.count + ahead, -1);
    return all;
}

std::vector<uint8_t> state_of(llama_context * context) {
    std::vector<uint8_t> state(llama_state_seq_get_size(context, 0));
    state.resize(llama_state_seq_get_data(context, state.data(), state.size(), 0));
    return state;
}

// In bytes, the state of a context that read it is the one that was saved.
bool restore(llama_context * from, llama_context * into) {
    const auto state = state_of(from);
    if (llama_state_seq_set_data(into, state.data(), state.size(), 0) == 0) {
        kv::fail("a state that was just saved is refused");
    }
    return state_of(into) == state;
}

// Mean over the predictions of Σ p·(log p − log q).
double divergence(const logits & p, const logits & q) {
    const size_t vocabulary = p.size()/PROBE;
    double total = 0;
    for (size_t row = 0; row < p.size(); row += vocabulary) {
        const auto log_sum = [&](const logits & of) {
            double sum = 0;
            for (size_t i = row; i < row + vocabulary; i++) {
                sum += std::exp((double) of[i]);
            }
            return std::log(sum);
        };
        const double sum_p = log_sum(p), sum_q = log_sum(q);
        for (size_t i = row; i < row + vocabulary; i++) {
            total += std::exp(p[i] - sum_p)*((p[i] - sum_p) - (q[i] - sum_q));
        }
    }
    return total/PROBE;
}

struct outcome {
    logits still;     // as the cache was filled
    bool is_same_state;
    logits restored;  // from its saved state, in other cells than before: sums may be taken in another order
    logits moved;     // with the second half moved
    logits returned;  // moved, and moved back
    logits misplaced; // with the last token alone moved: what a half that was not moved would give
};

outcome observe(const subject & s, const kv::cache_types & types) {
    llama_context * context = open(s, types);
    for (int first = 0; first < s.count; first += BATCH) {
        kv::decode(context, s.tokens.data(), first, std::min(BATCH, s.count - first), false);
    }
    outcome o;
    o.still = probe(context, s, 0);
    llama_context * fresh = open(s, types);
    o.is_same_state = restore(context, fresh);
    o.restored = probe(fresh, s, 0);
    llama_free(fresh);
    llama_memory_t memory = llama_get_memory(context);
    if (llama_memory_can_shift(memory)) {
        llama_memory_seq_add(memory, 0, s.count/2, -1, MOVE);
        o.moved = probe(context, s, MOVE);
        llama_memory_seq_add(memory, 0, s.count/2, -1, -MOVE);
        o.returned = probe(context, s, 0);
        llama_memory_seq_add(memory, 0, s.count - 1, -1, MOVE);
        o.misplaced = probe(context, s, MOVE);
    }
    llama_free(context);
    return o;
}

void report(const char * name, const outcome & exact, const outcome & o) {
    printf("{\"type\":\"%s\",\"sameState\":%s,\"restoredKld\":%.9g,\"stillKld\":%.9g", name, o.is_same_state ? "true" : "false",
           divergence(o.still, o.restored), divergence(exact.still, o.still));
    if (!o.moved.empty()) {
        printf(",\"movedKld\":%.9g,\"returnedKld\":%.9g,\"misplacedKld\":%.9g", divergence(exact.moved, o.moved), divergence(exact.still, o.returned),
               divergence(exact.moved, exact.misplaced));
    }
    printf(",\"canShift\":%s}\n", o.moved.empty() ? "false" : "true");
}

} // namespace

int main(int argc, char ** argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: kv_changes MODEL TEXT TOKENS THREADS TYPE...\n");
        return 2;
    }
    kv::start();
    subject s { kv::load(argv[1], kv::keys_as::balanced), {}, atoi(argv[3]), atoi(argv[4]) };
    s.tokens = kv::tokenize(s.model, argv[2]);
    if ((int) s.tokens.size() < s.count + PROBE) {
        kv::fail("the text has only " + std::to_string(s.tokens.size()) + " tokens");
    }
    const outcome exact = observe(s, kv::types_named("f16"));
    for (int i = 5; i < argc; i++) {
        report(argv[i], exact, observe(s, kv::types_named(argv[i])));
    }
    return 0;
}
