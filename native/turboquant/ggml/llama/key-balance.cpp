// Balances the channels of keys against those of queries when a model is loaded, in the weights of its norms.

#include "innerloop/key-balance.h"

#include "ggml-backend.h"
#include "llama-impl.h"
#include "llama-model.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

namespace innerloop {
namespace {

// A channel that a norm silences would otherwise get an endless or a zero scale.
constexpr double SMALLEST_SHARE = 1e-4;

using weights = std::vector<float>;

// The norms around one cache: the layer that writes it, and all that read it.
struct cache_norms {
    ggml_tensor ** k = nullptr;
    std::vector<ggml_tensor **> q;
};

bool is_wanted() {
    const char * wanted = getenv("INNERLOOP_KEY_BALANCE");
    return wanted != nullptr && strcmp(wanted, "1") == 0;
}

// Norm, then RoPE, then attention, one norm for all heads: read in the graphs of these and of no others.
bool is_known(llm_arch arch) {
    return arch == LLM_ARCH_GEMMA3 || arch == LLM_ARCH_GEMMA4 || arch == LLM_ARCH_QWEN3 || arch == LLM_ARCH_QWEN3MOE;
}

// Gemma 4's last layers read the last own cache of their kind; llama_model::create_memory has the same rule.
uint32_t cache_of(const llama_hparams & hparams, uint32_t layer) {
    if (hparams.has_kv(layer)) {
        return layer;
    }
    return hparams.n_layer_kv_from_start - (hparams.is_swa(layer) ? 2 : 1);
}

bool is_plain(const ggml_tensor * norm, int64_t size) {
    return norm->type == GGML_TYPE_F32 && ggml_n_dims(norm) == 1 && norm->ne[0] == size && norm->buffer != nullptr &&
           ggml_backend_buffer_is_host(norm->buffer);
}

std::map<uint32_t, cache_norms> collect(llama_model & model) {
    std::map<uint32_t, cache_norms> caches;
    for (uint32_t i = 0; i < model.layers.size(); i++) {
        auto & layer = model.layers[i];
        if (layer.attn_q_norm == nullptr) {
            continue;
        }
        caches[cache_of(model.hparams, i)].q.push_back(&layer.attn_q_norm);
        if (model.hparams.has_kv(i) && layer.attn_k_norm != nullptr) {
            caches[i].k = &layer.attn_k_norm;
        }
    }
    return caches;
}

weights read(const ggml_tensor * norm) {
    weights values(norm->ne[0]);
    ggml_backend_tensor_get(norm, values.data(), 0, ggml_nbytes(norm));
    return values;
}

// Halves of a RoPE pair are i and i + pair_distance, or i and i + 1 when pair_distance is 1.
std::vector<double> energies(const weights & norm, size_t pair_distance) {
    std::vector<double> energy(norm.size());
    for (size_t i = 0; i < norm.size(); i++) {
        const size_t other = pair_distance == 1 ? (i ^ 1) : (i < pair_distance ? i + pair_distance : i < 2*pair_distance ? i - pair_distance : i);
        energy[i] = 0.5*((double) norm[i]*norm[i] + (double) norm[other]*norm[other]);
    }
    return energy;
}

double mean(const std::vector<double> & values) {
    double sum = 0;
    for (double value : values) {
        sum += value;
    }
    return sum/values.size();
}

// Room for a norm beside the one that the file holds.
ggml_tensor * empty_copy(ggml_context * ctx, const ggml_tensor * norm) {
    ggml_tensor * copy = ggml_dup_tensor(ctx, norm);
    ggml_set_name(copy, ggml_get_name(norm));
    return copy;
}

void write(ggml_tensor * norm, weights values, const weights & scale, bool is_query) {
    for (size_t i = 0; i < values.size(); i++) {
        values[i] = is_query ? values[i]/scale[i] : values[i]*scale[i];
    }
    ggml_backend_tensor_set(norm, values.data(), 0, ggml_nbytes(norm));
}

struct fold {
    ggml_tensor ** slot;
    ggml_tensor * copy;
    weights scale;
    bool is_query;
};

bool all_plain(const cache_norms & cache, int64_t size) {
    bool plain = cache.k != nullptr && is_plain(*cache.k, size);
    for (auto * q : cache.q) {
        plain = plain && is_plain(*q, size);
    }
    return plain;
}

} // namespace

std::map<uint32_t, channel_energies> norm_energies(llama_model & model) {
    std::map<uint32_t, channel_energies> all;
    if (!is_known(model.arch)) {
        return all;
    }
    for (const auto & [layer, cache] : collect(model)) {
        if (!all_plain(cache, model.hparams.n_embd_head_k(layer))) {
            continue;
        }
        const size_t distance = model.hparams.rope_type == LLAMA_ROPE_TYPE_NORM ? 1 : model.hparams.n_rot(layer)/2;
        auto & energy = all[layer];
        energy.key = energies(read(*cache.k), distance);
        energy.query.assign(energy.key.size(), 0);
        for (auto * norm : cache.q) {
            const auto one = energies(read(*norm), distance);
            for (size_t i = 0; i < one.size(); i++) {
                energy.query[i] += one[i]/cache.q.size();
            }
        }
    }
    return all;
}

std::vector<float> key_balance(const channel_energies & energy) {
    const auto & k = energy.key;
    const auto & q = energy.query;
    const double least_q = SMALLEST_SHARE*mean(q);
    const double least_k = SMALLEST_SHARE*mean(k);
    std::vector<float> scale(k.size(), 1.0f);
    if (least_q > 0 && least_k > 0) {
        for (size_t i = 0; i < k.size(); i++) {
            scale[i] = (float) std::pow((q[i] + least_q)/(k[i] + least_k), 0.25);
        }
    }
    return scale;
}

void balance_keys(llama_model & model, owned_tensors & owned) {
    if (!is_wanted() || !is_known(model.arch)) {
        return;
    }
    const auto caches = collect(model);
    ggml_context_ptr ctx { ggml_init({ 2*(model.layers.size() + 1)*ggml_tensor_overhead(), nullptr, true }) };
    std::vector<fold> folds;
    const auto all_energies = norm_energies(model);
    for (const auto & [layer, energy] : all_energies) {
        const auto & cache = caches.at(layer);
        const auto scale = key_balance(energy);
        folds.push_back({ cache.k, empty_copy(ctx.get(), *cache.k), scale, false });
        for (auto * q : cache.q) {
            folds.push_back({ q, empty_copy(ctx.get(), *q), scale, true });
        }
    }
    if (folds.empty()) {
        return;
    }
    ggml_backend_buffer_ptr buffer { ggml_backend_alloc_ctx_tensors_from_buft(ctx.get(), ggml_backend_cpu_buffer_type()) };
    if (!buffer) {
        throw std::runtime_error("no memory for the balanced norms");
    }
    ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    for (const auto & change : folds) {
        write(change.copy, read(*change.slot), change.scale, change.is_query);
        *change.slot = change.copy;
    }
    LLAMA_LOG_INFO("%s: keys balanced in %zu of %zu caches\n", __func__, all_energies.size(), caches.size());
    std::vector<ggml_backend_buffer_ptr> buffers;
    buffers.push_back(std::move(buffer));
    owned.emplace_back(std::move(ctx), std::move(buffers));
}

} // namespace innerloop
