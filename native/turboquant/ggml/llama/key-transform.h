// Keys as a cache of segments stores them: centred, sorted, balanced and rotated, and queries to match, so that scores stay the same.
#pragma once

#include "ggml.h"

#include <cstdint>
#include <memory>

struct llama_model;

namespace innerloop {

struct model_transforms;

// Reads the file that INNERLOOP_KEY_CALIBRATION names, or else takes an order of the channels from the weights of the norms; called
// when a model is loaded, after its keys were balanced. Null where neither is to be had. Throws where the file is damaged or was made
// for another shape of model.
std::shared_ptr<const model_transforms> load_key_transforms(llama_model & model);

bool is_segmented(ggml_type type);

// What a new cache's keys of this layer go through, for ggml_tensor::extra of the cache. Null: nothing, the type holds keys as they are.
// Throws where the type needs a transform that the model does not have.
void * attach_transform(const llama_model & model, uint32_t layer, ggml_type type);

// [size, heads, tokens] each. Without a transform in `cache`, which may be a view, the tensor itself comes back.
ggml_tensor * transform_keys(ggml_context * ctx, ggml_tensor * keys, const ggml_tensor * cache);
ggml_tensor * restore_keys(ggml_context * ctx, ggml_tensor * keys, const ggml_tensor * cache);
ggml_tensor * transform_queries(ggml_context * ctx, ggml_tensor * queries, const ggml_tensor * cache);

// What a stored state calls its type of keys: a state of another calibration does not fit.
int32_t stored_key_type(const ggml_tensor * cache);

// The type for caches of sliding windows: what INNERLOOP_SLIDING_CACHE names where that is set, since they are short and every layer's
// error adds up; else the one that was asked for.
ggml_type sliding_cache_type(ggml_type wanted);

} // namespace innerloop
