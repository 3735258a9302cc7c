// Learns from a text how a model's keys and queries are spread, and writes what few bits need to hold its keys.
//
//   kv_calibrate MODEL SHA256 TEXT TOKENS THREADS OUT
//
// Keys are balanced by the norms' weights first, as the engine does. One JSON object a batch with the share that is done.

#include "fit_transform.h"
#include "kv_model.h"

namespace {

constexpr int BATCH = 256;

void read_text(llama_context * context, const std::vector<llama_token> & tokens) {
    for (size_t first = 0; first < tokens.size(); first += BATCH) {
        const int count = (int) std::min<size_t>(BATCH, tokens.size() - first);
        kv::decode(context, tokens.data(), (int) first, count, false);
        printf("{\"share\":%.4f}\n", (double) (first + count)/tokens.size());
        fflush(stdout);
    }
}

} // namespace

int main(int argc, char ** argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: kv_calibrate MODEL SHA256 TEXT TOKENS THREADS OUT\n");
        return 2;
    }
    kv::start();
    llama_model * model = kv::load(argv[1], kv::keys_as::balanced);
    auto tokens = kv::tokenize(model, argv[3]);
    tokens.resize(std::min<size_t>(tokens.size(), atoi(argv[4])));
    kv::key_statistics statistics;
    auto params = kv::context_params(GGML_TYPE_F16, GGML_TYPE_F16, (uint32_t) tokens.size(), BATCH, atoi(argv[5]));
    params.cb_eval = kv::collect_key_statistics;
    params.cb_eval_user_data = &statistics;
    llama_context * context = llama_init_from_model(model, params);
    if (context == nullptr) {
        kv::fail("no context for the calibration");
    }
    read_text(context, tokens);
    innerloop::calibration result;
    result.model_sha256 = argv[2];
    result.tokens = (uint32_t) tokens.size();
    for (const auto & [place, head] : statistics) {
        if (head.size % 256 == 0 && head.keys > head.size && head.queries > 0) {
            result.entries.push_back({ (uint32_t) place.first, (uint32_t) place.second, kv::fit_transform(head) });
        }
    }
    if (result.entries.empty()) {
        kv::fail("no head of this model has a size that segments fit: 256 or 512");
    }
    innerloop::write_calibration(argv[6], result);
    return 0;
}
