// What the tools that run a whole model share: loading it, contexts with a type of cache, errors.
#pragma once

#include "ggml.h"
#include "llama.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace kv {

[[noreturn]] inline void fail(const std::string & message) {
    fprintf(stderr, "%s\n", message.c_str());
    exit(1);
}

inline ggml_type type_named(const std::string & name) {
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const char * found = ggml_type_name((ggml_type) i);
        if (found != nullptr && name == found) {
            return (ggml_type) i;
        }
    }
    fail("no type is named " + name);
}

struct cache_types {
    ggml_type keys;
    ggml_type values;
};

// TYPE, or KEYS/VALUES.
inline cache_types types_named(const std::string & names) {
    const size_t slash = names.find('/');
    const auto keys = type_named(names.substr(0, slash));
    return { keys, slash == std::string::npos ? keys : type_named(names.substr(slash + 1)) };
}

// Only what went wrong is worth a line.
inline void start() {
    llama_log_set([](ggml_log_level level, const char * text, void *) {
        if (level == GGML_LOG_LEVEL_ERROR) {
            fputs(text, stderr);
        }
    }, nullptr);
    llama_backend_init();
}

enum class keys_as { in_the_file, balanced, calibrated };

// Calibrated by the file that INNERLOOP_KEY_CALIBRATION named when the program began. Weights stay where the file is mapped when
// KV_TOOLS_SHARE_WEIGHTS is set: slower, but several models of one file take the memory of one.
inline llama_model * load(const std::string & file, keys_as keys) {
    static const std::string calibration = [] {
        const char * named = getenv("INNERLOOP_KEY_CALIBRATION");
        return std::string(named == nullptr ? "" : named);
    }();
    if (keys == keys_as::calibrated && calibration.empty()) {
        fail("INNERLOOP_KEY_CALIBRATION names no calibration");
    }
    setenv("INNERLOOP_KEY_BALANCE", keys == keys_as::in_the_file ? "0" : "1", 1);
    setenv("INNERLOOP_KEY_CALIBRATION", keys == keys_as::calibrated ? calibration.c_str() : "", 1);
    auto params = llama_model_default_params();
    params.use_extra_bufts = getenv("KV_TOOLS_SHARE_WEIGHTS") == nullptr;
    llama_model * model = llama_model_load_from_file(file.c_str(), params);
    if (model == nullptr) {
        fail("cannot load " + file);
    }
    return model;
}

inline llama_context_params context_params(ggml_type type_k, ggml_type type_v, uint32_t tokens, uint32_t batch, int threads) {
    auto params = llama_context_default_params();
    params.n_ctx = tokens;
    params.n_batch = batch;
    params.n_ubatch = batch;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.type_k = type_k;
    params.type_v = type_v;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    params.swa_full = false;
    return params;
}

inline llama_context * open(llama_model * model, ggml_type type_k, ggml_type type_v, bool is_rotated, uint32_t tokens, uint32_t batch, int threads,
                            bool is_full = false) {
    setenv("LLAMA_ATTN_ROT_DISABLE", is_rotated ? "0" : "1", 1);
    auto params = context_params(type_k, type_v, tokens, batch, threads);
    params.swa_full = is_full;
    llama_context * context = llama_init_from_model(model, params);
    if (context == nullptr) {
        fail(std::string("no context with a cache of ") + ggml_type_name(type_k) + "/" + ggml_type_name(type_v));
    }
    return context;
}

inline std::vector<llama_token> tokenize(const llama_model * model, const char * file) {
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    std::vector<llama_token> tokens(text.size() + 2);
    const int count = llama_tokenize(llama_model_get_vocab(model), text.data(), (int) text.size(), tokens.data(), (int) tokens.size(), true, false);
    if (count < 0) {
        fail("the text cannot be tokenized");
    }
    tokens.resize(count);
    return tokens;
}

// Tokens first … first + count − 1 of a text, at their places in it, in sequence 0.
inline void decode(llama_context * context, const llama_token * tokens, int first, int count, bool with_logits) {
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
        fail("a batch cannot be decoded");
    }
    llama_batch_free(batch);
}

} // namespace kv
