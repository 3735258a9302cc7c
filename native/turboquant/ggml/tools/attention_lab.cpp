// Attention alone, on random data: `check` compares it with ggml's reference, `time` says what one operation costs.
//
//   attention_lab check
//   attention_lab time TYPES TOKENS QUERIES HEADS HEAD_SIZE ROUNDS      one KV head, one thread; TYPES: one, or KEYS/VALUES
//
// Each prints one JSON object a line. INNERLOOP_ATTENTION=stock takes ggml's own kernel, in the same binary.

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

namespace {

struct shape {
    ggml_type keys;
    ggml_type values;
    int64_t size = 128;
    int64_t tokens = 512;
    int64_t queries = 1;
    int64_t kv_heads = 1;
    int64_t heads_each = 8;
    int64_t batches = 1;
    float soft_cap = 0;
    float max_bias = 0;
    bool has_sinks = false;
    // A mask as of this many tokens of one sequence, each seeing at most so many before it.
    int64_t window = 0;
};

ggml_type type_named(const std::string & name) {
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const char * found = ggml_type_name((ggml_type) i);
        if (found != nullptr && name == found) {
            return (ggml_type) i;
        }
    }
    fprintf(stderr, "no type is named %s\n", name.c_str());
    exit(2);
}

// One operation in a graph of its own, with its operands filled.
class operation {
  public:
    explicit operation(const shape & s) : backend(ggml_backend_cpu_init()) {
        ctx = ggml_init({ 16*ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true });
        q = ggml_new_tensor_4d(ctx, GGML_TYPE_F32, s.size, s.queries, s.kv_heads*s.heads_each, s.batches);
        k = ggml_new_tensor_4d(ctx, s.keys, s.size, s.tokens, s.kv_heads, s.batches);
        v = ggml_new_tensor_4d(ctx, s.values, s.size, s.tokens, s.kv_heads, s.batches);
        mask = ggml_new_tensor_4d(ctx, GGML_TYPE_F16, s.tokens, s.queries, 1, 1);
        out = ggml_flash_attn_ext(ctx, q, k, v, mask, 1.0f/std::sqrt((float) s.size), s.max_bias, s.soft_cap);
        if (s.has_sinks) {
            sinks = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, s.kv_heads*s.heads_each);
            ggml_flash_attn_ext_add_sinks(out, sinks);
        }
        graph = ggml_new_graph(ctx);
        ggml_build_forward_expand(graph, out);
        buffer = ggml_backend_alloc_ctx_tensors(ctx, backend);
        fill(s);
    }

    ~operation() {
        ggml_backend_buffer_free(buffer);
        ggml_free(ctx);
        ggml_backend_free(backend);
    }

    operation(const operation &) = delete;
    operation & operator=(const operation &) = delete;

    std::vector<float> compute(int threads, bool reference) {
        ggml_backend_cpu_set_n_threads(backend, threads);
        ggml_backend_cpu_set_use_ref(backend, reference);
        ggml_backend_graph_compute(backend, graph);
        std::vector<float> result(ggml_nelements(out));
        ggml_backend_tensor_get(out, result.data(), 0, ggml_nbytes(out));
        return result;
    }

  private:
    ggml_backend_t backend;
    ggml_context * ctx;
    ggml_backend_buffer_t buffer;
    ggml_tensor * q;
    ggml_tensor * k;
    ggml_tensor * v;
    ggml_tensor * mask;
    ggml_tensor * sinks = nullptr;
    ggml_tensor * out;
    ggml_cgraph * graph;

    void fill(const shape & s) {
        std::mt19937 random(1);
        std::normal_distribution<float> normal;
        for (ggml_tensor * tensor : { q, k, v, sinks }) {
            if (tensor == nullptr) {
                continue;
            }
            std::vector<float> values(ggml_nelements(tensor));
            for (float & value : values) {
                value = normal(random);
            }
            set(tensor, values);
        }
        std::vector<float> masked(ggml_nelements(mask));
        for (int64_t i = 0; i < s.queries; i++) {
            for (int64_t t = 0; t < s.tokens; t++) {
                const int64_t position = s.tokens - s.queries + i;
                const bool is_seen = s.window == 0 ? true : t <= position && t > position - s.window;
                masked[i*s.tokens + t] = is_seen ? 0.0f : -INFINITY;
            }
        }
        set(mask, masked);
    }

    static void set(ggml_tensor * tensor, const std::vector<float> & values) {
        std::vector<uint8_t> bytes(ggml_nbytes(tensor));
        if (tensor->type == GGML_TYPE_F32) {
            memcpy(bytes.data(), values.data(), bytes.size());
        } else {
            ggml_quantize_chunk(tensor->type, values.data(), bytes.data(), 0, ggml_nrows(tensor), tensor->ne[0], nullptr);
        }
        ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
    }
};

// Energy of the difference over that of the reference.
double error_of(const std::vector<float> & found, const std::vector<float> & reference) {
    double difference = 0, energy = 0;
    for (size_t i = 0; i < found.size(); i++) {
        difference += std::pow((double) found[i] - reference[i], 2);
        energy += std::pow((double) reference[i], 2);
    }
    return difference/energy;
}

void check(const char * name, const shape & s) {
    operation op(s);
    const auto reference = op.compute(1, true);
    const auto one = op.compute(1, false);
    const auto three = op.compute(3, false);
    printf("{\"name\":\"%s\",\"keys\":\"%s\",\"values\":\"%s\",\"error\":%.3e,\"sameOnThreads\":%s}\n", name, ggml_type_name(s.keys),
           ggml_type_name(s.values), error_of(one, reference), one == three ? "true" : "false");
}

void check_all() {
    for (ggml_type type : { GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0, GGML_TYPE_Q5_0, GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                            GGML_TYPE_TQ3, GGML_TYPE_TQ4, GGML_TYPE_TQ5, GGML_TYPE_TQ6, GGML_TYPE_TQ4_128, GGML_TYPE_TQ5_64 }) {
        shape decode { type, type };
        decode.size = 512;
        decode.tokens = 1500;
        check("one token of E2B over a split cache", decode);
        shape prefill { type, type };
        prefill.size = 256;
        prefill.queries = 40;
        prefill.tokens = 700;
        prefill.window = 128;
        check("prefill in a sliding window", prefill);
        shape groups { type, type };
        groups.size = std::max<int64_t>(64, ggml_blck_size(type));
        groups.kv_heads = 3;
        groups.heads_each = 3;
        groups.batches = 2;
        groups.queries = 5;
        groups.tokens = 97;
        groups.window = 97;
        groups.soft_cap = 20;
        groups.max_bias = 8;
        groups.has_sinks = true;
        check("three groups, two batches, soft cap, slopes, sinks", groups);
    }
    shape mixed { GGML_TYPE_Q8_0, GGML_TYPE_Q4_0 };
    mixed.tokens = 300;
    check("keys and values of different types", mixed);
    shape own { GGML_TYPE_TQ5, GGML_TYPE_TQ4 };
    own.size = 512;
    own.tokens = 300;
    check("keys and values of different types", own);
    shape odd { GGML_TYPE_F16, GGML_TYPE_F16 };
    odd.size = 40;
    odd.heads_each = 7;
    check("a head that fills no whole vectors", odd);
}

double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec*1e-9;
}

// Least CPU time of the rounds: the machine's other work only ever adds.
void time_one(char ** argv) {
    const std::string types = argv[0];
    const size_t slash = types.find('/');
    const ggml_type keys = type_named(types.substr(0, slash));
    shape s { keys, slash == std::string::npos ? keys : type_named(types.substr(slash + 1)) };
    s.tokens = atoll(argv[1]);
    s.queries = atoll(argv[2]);
    s.heads_each = atoll(argv[3]);
    s.size = atoll(argv[4]);
    s.window = s.tokens;
    operation op(s);
    op.compute(1, false);
    double least = INFINITY;
    for (int round = 0; round < atoi(argv[5]); round++) {
        const double start = cpu_seconds();
        op.compute(1, false);
        least = std::min(least, cpu_seconds() - start);
    }
    printf("{\"type\":\"%s\",\"tokens\":%lld,\"queries\":%lld,\"cpuMs\":%.4f}\n", argv[0], (long long) s.tokens, (long long) s.queries, least*1e3);
}

} // namespace

int main(int argc, char ** argv) {
    if (argc == 2 && strcmp(argv[1], "check") == 0) {
        check_all();
    } else if (argc == 8 && strcmp(argv[1], "time") == 0) {
        time_one(argv + 2);
    } else {
        fprintf(stderr, "usage: attention_lab check | time TYPES TOKENS QUERIES HEADS HEAD_SIZE ROUNDS\n");
        return 2;
    }
    return 0;
}
