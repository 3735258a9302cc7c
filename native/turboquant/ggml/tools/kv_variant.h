// Ways to keep a cache, by name: TYPE, or TYPE of keys/TYPE of values, and behind it "-" for no rotation, "+" for keys balanced by the
// norms' weights, "*" for keys calibrated by the file that INNERLOOP_KEY_CALIBRATION names, "~" for sliding windows at q8_0: q4_0-+,
// tqs40/tq4*~.
#pragma once

#include "kv_model.h"

#include <map>

namespace kv {

// Each way of its keys is a model of its own, loaded when first asked for.
struct models {
    std::string file;
    std::map<keys_as, llama_model *> loaded;

    llama_model * get(keys_as keys) {
        auto & model = loaded[keys];
        return model != nullptr ? model : model = load(file, keys);
    }
};

// is_full: windows keep what lies behind them, so that a cache can be rolled back.
inline llama_context * open_variant(const std::string & name, models & all, int context, int batch, int threads, bool is_full) {
    const auto has = [&](char mark) { return name.find(mark) != std::string::npos; };
    const auto as = has('*') ? keys_as::calibrated : has('+') ? keys_as::balanced : keys_as::in_the_file;
    const auto [keys, values] = types_named(name.substr(0, name.find_first_of("+-*~")));
    setenv("INNERLOOP_SLIDING_CACHE", has('~') ? "q8_0" : "", 1);
    return open(all.get(as), keys, values, !has('-'), context, batch, threads, is_full);
}

} // namespace kv
