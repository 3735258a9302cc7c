// Holds the kernels that never unpack to the way through memory: the same scores and sums for every type, row count and odd tile.
//
// Prints how many cases were equal, and a line for each that was not. Both ways add the same integers, so that only the order of
// a few float additions differs.

#include "fused-blocks.h"
#include "innerloop/types/kv-types.h"
#include "int8-keys.h"
#include "int8-values.h"
#include "turboquant-format.h"
#include "unpack-rows.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

namespace {

using namespace innerloop;

constexpr int TILE = 32;
// Energy of the difference over that of the values.
constexpr double MOST_DIFFERENCE = 1e-11;

struct way {
    const char * name;
    kv_format unpacked;
    int64_t block;
    size_t block_bytes;
};

#define INNERLOOP_WAY(name, bits, block) \
    { "tq" #name, { GGML_TYPE_TQ##name, block, unpack_rows<block, INNERLOOP_BLOCK_BYTES(bits, block), unpack_tq<bits, block>>, nullptr }, block, \
      INNERLOOP_BLOCK_BYTES(bits, block) },

const way WAYS[] = { INNERLOOP_TYPES(INNERLOOP_WAY) };

// Rows of random codes whose scales are ordinary numbers, as [tokens] of `stride` bytes.
std::vector<char> random_rows(const way & w, int64_t size, size_t stride, int tokens, std::mt19937 & random) {
    std::uniform_real_distribution<float> scale(0.1f, 2.0f);
    std::vector<char> rows(stride*tokens);
    for (char & byte : rows) {
        byte = (char) random();
    }
    for (int t = 0; t < tokens; t++) {
        for (int64_t b = 0; b < size/w.block; b++) {
            const __fp16 half = scale(random);
            memcpy(rows.data() + t*stride + b*w.block_bytes, &half, sizeof(half));
        }
    }
    return rows;
}

double difference(const std::vector<float> & found, const std::vector<float> & wanted) {
    double missed = 0, energy = 0;
    for (size_t i = 0; i < found.size(); i++) {
        missed += std::pow((double) found[i] - wanted[i], 2);
        energy += std::pow((double) wanted[i], 2);
    }
    return energy > 0 ? missed/energy : INFINITY;
}

bool is_same(const way & w, int64_t size, int rows, int tokens) {
    std::mt19937 random(rows*1000 + tokens);
    std::normal_distribution<float> normal;
    kv_format fused = w.unpacked;
    fused.fused = fused_kernels_of(w.unpacked.type);
    // A few bytes between rows: they need not stand close.
    const size_t stride = size/w.block*w.block_bytes + 10;
    const auto cache = random_rows(w, size, stride, tokens, random);
    std::vector<float> query(size), queries(rows*int8_query_floats(size)), weights(rows*TILE);
    for (int r = 0; r < rows; r++) {
        for (float & q : query) {
            q = normal(random);
        }
        quantize_query(query.data(), size, w.block, queries.data() + r*int8_query_floats(size));
        for (int t = 0; t < tokens; t++) {
            weights[r*TILE + t] = std::fabs(normal(random));
        }
    }
    std::vector<float> key_room(int8_keys_floats(size)), value_room(int8_values_floats(TILE));
    std::vector<float> scores[2], sums[2];
    const kv_format * const ways[2] = { &fused, &w.unpacked };
    for (int i = 0; i < 2; i++) {
        scores[i].resize(rows*TILE);
        sums[i].resize(rows*size);
        int8_scores(*ways[i], cache.data(), stride, size, tokens, rows, queries.data(), key_room.data(), scores[i].data(), TILE);
        int8_accumulate(*ways[i], cache.data(), stride, size, tokens, TILE, rows, weights.data(), value_room.data(), sums[i].data());
        // Scores behind the last token mean nothing.
        for (int r = 0; r < rows; r++) {
            std::fill(scores[i].begin() + r*TILE + tokens, scores[i].begin() + (r + 1)*TILE, 0.0f);
        }
    }
    const double in_scores = difference(scores[0], scores[1]), in_sums = difference(sums[0], sums[1]);
    const bool same = fused.fused.score != nullptr && in_scores < MOST_DIFFERENCE && in_sums < MOST_DIFFERENCE;
    if (!same) {
        printf("%s, heads of %lld, %d rows, %d tokens: scores %g, sums %g\n", w.name, (long long) size, rows, tokens, in_scores, in_sums);
    }
    return same;
}

} // namespace

// Of ggml, whose libraries this program does without.
extern "C" size_t ggml_row_size(enum ggml_type type, int64_t elements) {
    for (const way & w : WAYS) {
        if (w.unpacked.type == type) {
            return elements/w.block*w.block_bytes;
        }
    }
    return 0;
}

int main() {
    int same = 0, all = 0;
    for (const way & w : WAYS) {
        for (int64_t size : { 64, 128, 256, 512 }) {
            for (int rows : { 1, 3, 4, 8, 12, 16 }) {
                for (int tokens : { 1, 16, 17, 31, 32 }) {
                    if (size % w.block == 0) {
                        all++;
                        same += is_same(w, size, rows, tokens);
                    }
                }
            }
        }
    }
    printf("%d of %d cases are the same\n", same, all);
    return same == all ? 0 : 1;
}
