// Balances the channels of keys against those of queries when a model is loaded, in the weights of its norms.
#pragma once

#include "ggml-cpp.h"

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

// s for one cache. Halves of a RoPE pair are i and i + pair_distance, or i and i + 1 when pair_distance is 1.
std::vector<float> key_balance(const std::vector<float> & k_norm, const std::vector<std::vector<float>> & q_norms, size_t pair_distance);

} // namespace innerloop
