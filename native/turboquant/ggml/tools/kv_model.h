// What the tools that run a whole model share: loading it, contexts with a type of cache, errors.
#pragma once

#include "ggml.h"
#include "llama.h"

#include <cstdio>
#include <cstdlib>
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

inline llama_model * load(const std::string & file, bool is_balanced) {
    setenv("INNERLOOP_KEY_BALANCE", is_balanced ? "1" : "0", 1);
    llama_model * model = llama_model_load_from_file(file.c_str(), llama_model_default_params());
    if (model == nullptr) {
        fail("cannot load " + file);
    }
    return model;
}

inline llama_context * open(llama_model * model, ggml_type type_k, ggml_type type_v, bool is_rotated, uint32_t tokens, uint32_t batch, int threads) {
    setenv("LLAMA_ATTN_ROT_DISABLE", is_rotated ? "0" : "1", 1);
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
    llama_context * context = llama_init_from_model(model, params);
    if (context == nullptr) {
        fail(std::string("no context with a cache of ") + ggml_type_name(type_k) + "/" + ggml_type_name(type_v));
    }
    return context;
}

} // namespace kv
