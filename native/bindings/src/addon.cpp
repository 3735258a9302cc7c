// The addon's entry: no state of its own, so that any number of worker threads can load it.
#include "exports.hpp"

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
    tq::addon::export_math(env, exports);
    tq::addon::export_blocks(env, exports);
    tq::addon::export_published_codec(env, exports);
    return exports;
}

NODE_API_MODULE(turboquant, initialize)
