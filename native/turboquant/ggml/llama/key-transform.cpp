// Keys as a cache of segments stores them: the transforms of a model, and the operations of the graph that apply them.

#include "innerloop/key-transform.h"

#include "innerloop/calibration-file.h"
#include "innerloop/key-balance.h"
#include "innerloop/segment-order.h"
#include "llama-impl.h"
#include "llama-model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <stdexcept>

namespace innerloop {

namespace {

// All KV heads of one cache.
struct layer_transform {
    int64_t size = 0;
    std::vector<head_transform> heads;
    uint32_t version = 0;
};

} // namespace

struct model_transforms {
    std::map<uint32_t, layer_transform> layers;
};

namespace {

constexpr int64_t MOST_CHANNELS = 512;

// Orthonormal, in place, each segment for itself.
void rotate_segments(float * x, int64_t size) {
    const float norm = 1/std::sqrt((float) SEGMENT);
    for (int64_t first = 0; first < size; first += SEGMENT) {
        for (int step = 1; step < SEGMENT; step *= 2) {
            for (int at = 0; at < SEGMENT; at += 2*step) {
                for (int i = first + at; i < first + at + step; i++) {
                    const float a = x[i], b = x[i + step];
                    x[i] = a + b;
                    x[i + step] = a - b;
                }
            }
        }
        for (int i = 0; i < SEGMENT; i++) {
            x[first + i] *= norm;
        }
    }
}

void encode_key(const head_transform & t, int64_t size, const float * in, float * out) {
    for (int64_t i = 0; i < size; i++) {
        out[i] = t.scale[i]*(in[t.order[i]] - t.mean[i]);
    }
    rotate_segments(out, size);
    for (int64_t i = 0; i < size; i++) {
        out[i] *= t.gain[i];
    }
}

void decode_key(const head_transform & t, int64_t size, const float * in, float * out) {
    float x[MOST_CHANNELS];
    for (int64_t i = 0; i < size; i++) {
        x[i] = in[i]/t.gain[i];
    }
    rotate_segments(x, size);
    for (int64_t i = 0; i < size; i++) {
        out[t.order[i]] = x[i]/t.scale[i] + t.mean[i];
    }
}

void encode_query(const head_transform & t, int64_t size, const float * in, float * out) {
    for (int64_t i = 0; i < size; i++) {
        out[i] = in[t.order[i]]/t.scale[i];
    }
    rotate_segments(out, size);
    for (int64_t i = 0; i < size; i++) {
        out[i] /= t.gain[i];
    }
}

using head_function = void (*)(const head_transform &, int64_t, const float *, float *);

// One row a head and token; query heads that share a KV head lie side by side.
template <head_function FUNCTION>
void apply(ggml_tensor * dst, const ggml_tensor * src, int ith, int nth, void * data) {
    const auto & layer = *(const layer_transform *) data;
    const int64_t group = src->ne[1]/(int64_t) layer.heads.size();
    const int64_t rows = ggml_nrows(src);
    for (int64_t row = ith; row < rows; row += nth) {
        const int64_t head = row % src->ne[1], token = row/src->ne[1];
        const auto * in = (const float *) ((const char *) src->data + head*src->nb[1] + token*src->nb[2]);
        auto * out = (float *) ((char *) dst->data + head*dst->nb[1] + token*dst->nb[2]);
        FUNCTION(layer.heads[head/group], layer.size, in, out);
    }
}

template <head_function FUNCTION>
ggml_tensor * build(ggml_context * ctx, ggml_tensor * rows, const ggml_tensor * cache) {
    void * transform = (cache->view_src != nullptr ? cache->view_src : cache)->extra;
    return transform == nullptr ? rows : ggml_map_custom1(ctx, rows, apply<FUNCTION>, GGML_N_TASKS_MAX, transform);
}

std::string name_of(uint32_t layer) {
    return "layer " + std::to_string(layer);
}

std::shared_ptr<const model_transforms> from_file(const llama_model & model, const std::string & file) {
    calibration read;
    if (const char * wrong = read_calibration(file, read)) {
        throw std::runtime_error("the calibration " + file + " " + wrong);
    }
    auto all = std::make_shared<model_transforms>();
    for (const auto & entry : read.entries) {
        const bool fits = entry.layer < model.layers.size() && model.hparams.has_kv(entry.layer) &&
                          entry.transform.order.size() == model.hparams.n_embd_head_k(entry.layer);
        auto & layer = all->layers[entry.layer];
        if (!fits || entry.head != layer.heads.size()) {
            throw std::runtime_error("the calibration " + file + " was made for another model: " + name_of(entry.layer));
        }
        layer.size = (int64_t) entry.transform.order.size();
        layer.heads.push_back(entry.transform);
        layer.version = (uint32_t) (read.checksum ^ (read.checksum >> 32)) | 1;
    }
    for (const auto & [number, layer] : all->layers) {
        if (layer.heads.size() != model.hparams.n_head_kv(number)) {
            throw std::runtime_error("the calibration " + file + " was made for another model: " + name_of(number));
        }
    }
    LLAMA_LOG_INFO("%s: keys of %zu caches calibrated by %u tokens\n", __func__, all->layers.size(), read.tokens);
    return all;
}

head_transform order_by_energy(const channel_energies & energy) {
    const size_t size = energy.key.size();
    std::vector<double> loudness(size);
    for (size_t i = 0; i < size; i++) {
        loudness[i] = energy.key[i]*energy.query[i];
    }
    head_transform t;
    t.mean.assign(size, 0);
    t.order = segment_order(loudness);
    const auto balance = key_balance(energy);
    for (size_t i = 0; i < size; i++) {
        t.scale.push_back(segment_sign((int) i)*balance[t.order[i]]);
    }
    for (size_t i = 0; i < size; i++) {
        double sum = 0;
        for (size_t a = i/SEGMENT*SEGMENT; a < i/SEGMENT*SEGMENT + SEGMENT; a++) {
            sum += t.scale[a]*t.scale[a]*energy.key[t.order[a]]/SEGMENT;
        }
        t.gain.push_back((float) (1/std::sqrt(std::max(sum, 1e-12))));
    }
    return t;
}

// The norms' weights tell how loud a channel is where nothing else is known.
std::shared_ptr<const model_transforms> from_norms(llama_model & model) {
    auto all = std::make_shared<model_transforms>();
    for (const auto & [number, energy] : norm_energies(model)) {
        if (energy.key.size() % SEGMENT != 0 || energy.key.size() > (size_t) MOST_CHANNELS) {
            continue;
        }
        auto & layer = all->layers[number];
        layer.size = (int64_t) energy.key.size();
        layer.heads.assign(model.hparams.n_head_kv(number), order_by_energy(energy));
    }
    return all;
}

} // namespace

std::shared_ptr<const model_transforms> load_key_transforms(llama_model & model) {
    if (model.hparams.no_alloc) {
        return nullptr;
    }
    const char * file = getenv("INNERLOOP_KEY_CALIBRATION");
    return file != nullptr && *file != 0 ? from_file(model, file) : from_norms(model);
}

bool is_segmented(ggml_type type) {
    return type >= GGML_TYPE_TQS35 && type <= GGML_TYPE_TQS60;
}

void * attach_transform(const llama_model & model, uint32_t layer, ggml_type type) {
    if (!is_segmented(type)) {
        return nullptr;
    }
    const auto found = model.key_transforms == nullptr ? std::map<uint32_t, layer_transform>::const_iterator() : model.key_transforms->layers.find(layer);
    if (model.key_transforms == nullptr || found == model.key_transforms->layers.end()) {
        throw std::runtime_error(std::string("keys of ") + name_of(layer) + " cannot be " + ggml_type_name(type) + ": no calibration holds them, and the model has no norms to go by");
    }
    return (void *) &found->second;
}

ggml_tensor * transform_keys(ggml_context * ctx, ggml_tensor * keys, const ggml_tensor * cache) {
    return build<encode_key>(ctx, keys, cache);
}

ggml_tensor * restore_keys(ggml_context * ctx, ggml_tensor * keys, const ggml_tensor * cache) {
    return build<decode_key>(ctx, keys, cache);
}

ggml_tensor * transform_queries(ggml_context * ctx, ggml_tensor * queries, const ggml_tensor * cache) {
    return build<encode_query>(ctx, queries, cache);
}

int32_t stored_key_type(const ggml_tensor * cache) {
    const uint32_t version = cache->extra == nullptr ? 0 : ((const layer_transform *) cache->extra)->version;
    // Beyond the few hundred numbers that types have.
    return (int32_t) ((uint32_t) cache->type ^ version << 10);
}

ggml_type sliding_cache_type(ggml_type wanted) {
    const char * name = getenv("INNERLOOP_SLIDING_CACHE");
    if (name == nullptr || *name == 0) {
        return wanted;
    }
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const char * found = ggml_type_name((ggml_type) i);
        if (found != nullptr && std::string(name) == found) {
            return (ggml_type) i;
        }
    }
    throw std::runtime_error(std::string("INNERLOOP_SLIDING_CACHE: no type is named ") + name);
}

} // namespace innerloop
