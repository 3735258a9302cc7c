// Attention on the CPU in which the query heads that share a KV head share the work of reading it: the hooks for ggml.

#include "grouped-attention.h"

#include "attention-plan.h"
#include "ggml-cpu-impl.h"
#include "row-tile.h"

#include <cstdlib>
#include <cstring>

namespace {

bool is_stock_wanted() {
    static const bool wanted = [] {
        const char * choice = getenv("INNERLOOP_ATTENTION");
        return choice != nullptr && strcmp(choice, "stock") == 0;
    }();
    return wanted;
}

size_t floats_needed(const innerloop::attention_plan & plan, int threads) {
    return threads*plan.layout.size + plan.partial_count()*plan.partial_size();
}

} // namespace

bool innerloop_attention(const ggml_compute_params * params, ggml_tensor * dst) {
    innerloop::attention_plan plan;
    if (params->use_ref || is_stock_wanted() || !innerloop::plan_attention(dst, plan) ||
        floats_needed(plan, params->nth)*sizeof(float) > params->wsize) {
        return false;
    }
    float * scratch = (float *) params->wdata + params->ith*plan.layout.size;
    float * partials = (float *) params->wdata + params->nth*plan.layout.size;
    if (params->ith == 0) {
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);
    for (int64_t i = params->ith; i < plan.pieces(); i = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        innerloop::attend(plan, innerloop::find_piece(plan, i), dst, scratch, partials);
    }
    if (plan.splits > 1) {
        ggml_barrier(params->threadpool);
        for (int64_t row = params->ith; row < plan.groups*plan.group_rows; row += params->nth) {
            innerloop::merge_row(plan, row, partials, dst, scratch);
        }
    }
    return true;
}

size_t innerloop_attention_work_size(const ggml_tensor * dst, int n_tasks) {
    innerloop::attention_plan plan;
    if (is_stock_wanted() || !innerloop::plan_attention(dst, plan)) {
        return 0;
    }
    return floats_needed(plan, n_tasks)*sizeof(float);
}
