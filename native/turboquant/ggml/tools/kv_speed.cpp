// Speed of a model at any depth of its cache, without computing the cache: a short one is repeated to the length.
//
//   kv_speed MODEL TYPES THREADS TOKENS BATCH DEPTH...
//
// TYPES are one name, or two as KEYS/VALUES. Times TOKENS single tokens and one batch of BATCH at each depth (0 leaves either out), and prints one JSON object each:
// least and median milliseconds a token, by the wall clock and by CPU time. INNERLOOP_ATTENTION=stock takes ggml's kernel.

#include "kv_depth.h"
#include "kv_model.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>

namespace {

constexpr int SEED_TOKENS = 64;

double cpu_ms() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec*1e3 + now.tv_nsec*1e-6;
}

double wall_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct timing {
    std::vector<double> wall;
    std::vector<double> cpu;

    template <typename Action> void take(int tokens, Action action) {
        const double w = wall_ms(), c = cpu_ms();
        action();
        wall.push_back((wall_ms() - w)/tokens);
        cpu.push_back((cpu_ms() - c)/tokens);
    }
};

double least(const std::vector<double> & values) { return *std::min_element(values.begin(), values.end()); }

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size()/2];
}

void print(const char * what, const char * type, int depth, const timing & t) {
    printf("{\"what\":\"%s\",\"type\":\"%s\",\"depth\":%d,\"cpuMs\":%.3f,\"cpuMedianMs\":%.3f,\"wallMs\":%.3f,\"wallMedianMs\":%.3f}\n", what, type,
           depth, least(t.cpu), median(t.cpu), least(t.wall), median(t.wall));
    fflush(stdout);
}

class bench {
  public:
    bench(llama_model * model, llama_context * c) : context(c) {
        vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
        window = llama_model_n_swa(model);
        decode(SEED_TOKENS);
        seed.resize(llama_state_seq_get_size(context, 0));
        llama_state_seq_get_data(context, seed.data(), seed.size(), 0);
    }

    void go_to(int depth) {
        llama_memory_clear(llama_get_memory(context), true);
        if (depth == 0) {
            return;
        }
        const auto bytes = kv::state(seed).repeated(depth, window);
        if (llama_state_seq_set_data(context, bytes.data(), bytes.size(), 0) == 0) {
            kv::fail("the state cannot be loaded");
        }
    }

    void decode(int count) {
        std::vector<llama_token> tokens(count);
        for (auto & token : tokens) {
            token = (llama_token) (vocabulary/4 + rand() % (vocabulary/2));
        }
        if (llama_decode(context, llama_batch_get_one(tokens.data(), count)) != 0) {
            kv::fail("a batch cannot be decoded");
        }
        llama_synchronize(context);
    }

  private:
    llama_context * context;
    std::vector<uint8_t> seed;
    int vocabulary;
    int window;
};

} // namespace

int main(int argc, char ** argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: kv_speed MODEL TYPES THREADS TOKENS BATCH DEPTH...\n");
        return 2;
    }
    const int threads = atoi(argv[3]), tokens = atoi(argv[4]), batch = atoi(argv[5]);
    int deepest = 0;
    for (int i = 6; i < argc; i++) {
        deepest = std::max(deepest, atoi(argv[i]));
    }
    kv::start();
    llama_model * model = kv::load(argv[1], kv::keys_as::balanced);
    const auto [keys, values] = kv::types_named(argv[2]);
    llama_context * context = kv::open(model, keys, values, true, deepest + std::max(batch, SEED_TOKENS) + tokens + 64, std::max(batch, SEED_TOKENS), threads);
    bench b(model, context);
    for (int i = 6; i < argc; i++) {
        const int depth = atoi(argv[i]);
        if (tokens > 0) {
            b.go_to(depth);
            b.decode(1);
            timing t;
            for (int n = 0; n < tokens; n++) {
                t.take(1, [&] { b.decode(1); });
            }
            print("decode", argv[2], depth, t);
        }
        if (batch > 0) {
            b.go_to(depth);
            timing t;
            t.take(batch, [&] { b.decode(batch); });
            print("prefill", argv[2], depth, t);
        }
    }
    llama_free(context);
    llama_model_free(model);
    return 0;
}
