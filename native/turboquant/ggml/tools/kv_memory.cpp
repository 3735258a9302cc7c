// Memory of a model by the length of its context, with the cache filled and a batch computed at its end.
//
//   kv_memory MODEL TYPE BATCH CONTEXT...
//
// TYPE is that of keys and values, or KEYS/VALUES. Weights are read and the per-layer embeddings left in the file, as the
// service has it. Prints one JSON object for each context when it is opened and when it is full; bytes of resident memory.

#include "kv_depth.h"

#include <fstream>

namespace {

constexpr int SEED_TOKENS = 64;

long long status_bytes(const std::string & name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind(name + ":", 0) == 0) {
            return std::stoll(line.substr(name.size() + 1))*1024;
        }
    }
    kv::fail("the kernel does not tell " + name);
}

void print(const char * type, int context, const char * when) {
    printf("{\"type\":\"%s\",\"context\":%d,\"when\":\"%s\",\"anonBytes\":%lld,\"fileBytes\":%lld,\"peakBytes\":%lld}\n", type, context, when,
           status_bytes("RssAnon"), status_bytes("RssFile"), status_bytes("VmHWM"));
    fflush(stdout);
}

void decode(llama_context * context, int count, int vocabulary) {
    std::vector<llama_token> tokens(count);
    for (auto & token : tokens) {
        token = (llama_token) (vocabulary/4 + rand() % (vocabulary/2));
    }
    if (llama_decode(context, llama_batch_get_one(tokens.data(), count)) != 0) {
        kv::fail("a batch cannot be decoded");
    }
}

void fill(llama_context * context, int depth, int window, int vocabulary) {
    decode(context, SEED_TOKENS, vocabulary);
    std::vector<uint8_t> seed(llama_state_seq_get_size(context, 0));
    llama_state_seq_get_data(context, seed.data(), seed.size(), 0);
    llama_memory_clear(llama_get_memory(context), true);
    const auto bytes = kv::state(seed).repeated(depth, window);
    if (llama_state_seq_set_data(context, bytes.data(), bytes.size(), 0) == 0) {
        kv::fail("the state cannot be loaded");
    }
}

} // namespace

int main(int argc, char ** argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: kv_memory MODEL TYPE BATCH CONTEXT...\n");
        return 2;
    }
    kv::start();
    auto params = llama_model_default_params();
    params.load_mode = LLAMA_LOAD_MODE_NONE;
    params.lazy_mode = LLAMA_LAZY_MODE_ON;
    llama_model * model = llama_model_load_from_file(argv[1], params);
    if (model == nullptr) {
        kv::fail(std::string("cannot load ") + argv[1]);
    }
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model)), window = llama_model_n_swa(model), batch = atoi(argv[3]);
    const std::string types = argv[2];
    const auto cut = types.find('/');
    const auto type_k = kv::type_named(types.substr(0, cut)), type_v = kv::type_named(cut == std::string::npos ? types : types.substr(cut + 1));
    for (int i = 4; i < argc; i++) {
        const int tokens = atoi(argv[i]);
        llama_context * context = kv::open(model, type_k, type_v, true, tokens, batch, 1);
        print(argv[2], tokens, "opened");
        if (batch > 0) {
            fill(context, tokens - batch - SEED_TOKENS, window, vocabulary);
            decode(context, batch, vocabulary);
            decode(context, 1, vocabulary);
            print(argv[2], tokens, "full");
        }
        llama_free(context);
    }
    llama_model_free(model);
    return 0;
}
