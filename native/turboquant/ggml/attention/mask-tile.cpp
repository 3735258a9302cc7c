// The mask of one tile: which rows share it, and whether it leaves anything to do.

#include "mask-tile.h"

#include "row-tile.h"
#include "simd-mappings.h"
#include "vec.h"

namespace innerloop {
namespace {

constexpr uint16_t MINUS_INFINITY = 0xfc00;

// Masks are almost always all zero or all minus infinity: both are seen without a conversion.
struct contents {
    bool all_masked;
    bool all_zero;
};

contents look(const ggml_fp16_t * source, int tokens) {
    uint16_t any_other = 0;
    uint16_t any_bit = 0;
    for (int t = 0; t < tokens; t++) {
        any_other |= source[t] ^ MINUS_INFINITY;
        any_bit |= source[t];
    }
    return { any_other == 0, any_bit == 0 };
}

} // namespace

void mask_tile::add_row(const row_place & at) {
    if (mask == nullptr) {
        return;
    }
    const auto * source = (const ggml_fp16_t *) ((const char *) mask->data + at.token*mask->nb[1] +
                                                 at.head % mask->ne[2]*mask->nb[2] + at.batch % mask->ne[3]*mask->nb[3]);
    if (distinct == 0 || sources[distinct - 1] != source) {
        sources[distinct++] = source;
    }
    source_of[rows++] = distinct - 1;
}

bool mask_tile::read(int64_t first, int tokens) {
    if (mask == nullptr) {
        return true;
    }
    bool any = false;
    for (int i = 0; i < distinct; i++) {
        const contents found = look(sources[i] + first, tokens);
        any = any || !found.all_masked;
        is_zero[i] = found.all_zero;
        if (!found.all_zero) {
            ggml_cpu_fp16_to_fp32(sources[i] + first, floats + i*TOKEN_TILE, tokens);
        }
    }
    return any;
}

const float * mask_tile::row(int index) const {
    if (mask == nullptr || is_zero[source_of[index]]) {
        return nullptr;
    }
    return floats + source_of[index]*TOKEN_TILE;
}

} // namespace innerloop
