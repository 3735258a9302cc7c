// Balances the channels of keys against those of queries when a model is loaded, in the weights of its norms.
#pragma once

#include "ggml-cpp.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

struct llama_model;

namespace innerloop {

// What llama.cpp keeps alive as long as the model: contexts and the buffers of their tensors.
using owned_tensors = std::vector<std::pair<ggml_context_ptr, std::vector<ggml_backend_buffer_ptr>>>;

// Multiplies the weights of every k_norm by s and divides those of the q_norms that read the same cache by s, so that
// q · k stays what it was while the keys that are stored lose their few loud channels:
//
//   s = (E q² / E k²)^(1/4)   with both energies taken from the norm weights, equal within a RoPE pair
//
// Does nothing unless the environment says INNERLOOP_KEY_BALANCE=1, for architectures it does not know, and for norms
// that are not plain vectors of floats in host memory. The file's own tensors (often mapped read-only) stay as they are;
// the new ones go to `owned`.
void balance_keys(llama_model & model, owned_tensors & owned);

// What the norms' weights alone tell of a cache: E k² and E q² by channel, equal within a RoPE pair.
struct channel_energies {
    std::vector<double> key;
    std::vector<double> query;
};

// By layer that writes the cache; empty for architectures that are not known.
std::map<uint32_t, channel_energies> norm_energies(llama_model & model);

// s for one cache.
std::vector<float> key_balance(const channel_energies & energy);

} // namespace innerloop
