// Holds every instruction set that this machine has against the scalar reference, bit for bit, over all shapes, odd counts of heads
// and tokens, and strides with a gap. Built with the address and undefined-behaviour sanitizers; every buffer is a heap block of its
// exact size, so a byte read or written beyond its end is found. Prints a line an instruction set; exits 1 on the first difference.
// `check_kernels few` takes fewer counts of heads and tokens: for emulators.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "turboquant/block.h"
#include "turboquant/rotation.h"

namespace {

constexpr int kHeads[] = {1, 2, 3, 5, 8, 11, 16};
constexpr size_t kTokens[] = {0, 1, 2, 3, 5, 63, 64, 65, 130};
constexpr int kFewHeads[] = {1, 8, 11};
constexpr size_t kFewTokens[] = {0, 1, 3, 64, 65};
// Rows that are encoded; the others are their copies, since the reference's encoder is slow.
constexpr size_t kDistinctRows = 14;
constexpr size_t kGap = 3;
constexpr uint8_t kCanary = 0xa5;

// A heap block that ends where it ends.
template <class T>
struct Exact {
    explicit Exact(size_t count) : size(count), data(new T[count]()) {}
    T* get() const { return data.get(); }
    size_t size;
    std::unique_ptr<T[]> data;
};

struct Case {
    tq_shape shape;
    int heads;
    size_t tokens;
    size_t stride;
};

[[noreturn]] void fail(const char* what, tq_isa isa, const Case& one, size_t at) {
    std::printf("%s differs: %s, tq%d, block %d x %d, %d heads, %zu tokens, at %zu\n", what, tq_isa_name(isa), one.shape.format,
                one.shape.block, one.shape.blocks, one.heads, one.tokens, at);
    std::exit(1);
}

void fill_normal(tq::Random& random, float* out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = static_cast<float>(random.normal());
}

Exact<uint8_t> encode_rows(tq::Random& random, const Case& one) {
    const size_t row = static_cast<size_t>(one.shape.block) * one.shape.blocks;
    const size_t bytes = tq_row_bytes(one.shape);
    Exact<uint8_t> rows(one.tokens == 0 ? 0 : (one.tokens - 1) * one.stride + bytes);
    std::vector<float> x(row);
    for (size_t i = 0; i < rows.size; i++) rows.get()[i] = kCanary;
    for (size_t t = 0; t < one.tokens; t++) {
        if (t >= kDistinctRows) {
            std::memcpy(rows.get() + t * one.stride, rows.get() + (t - kDistinctRows) * one.stride, bytes);
            continue;
        }
        fill_normal(random, x.data(), row);
        // Rows of zeros, of huge and of tiny numbers are rows too.
        const float size = t % 7 == 3 ? 0.0f : t % 7 == 5 ? 1e6f : t % 7 == 6 ? 1e-7f : 1.0f;
        for (float& value : x) value *= size;
        tq_encode(one.shape, x.data(), 1, rows.get() + t * one.stride);
        for (size_t gap = bytes; gap < one.stride && t + 1 < one.tokens; gap++) {
            if (rows.get()[t * one.stride + gap] != kCanary) fail("gap behind a row", TQ_SCALAR, one, t);
        }
    }
    return rows;
}

void same(const char* what, tq_isa isa, const Case& one, const Exact<float>& want, const Exact<float>& got) {
    for (size_t i = 0; i < want.size; i++) {
        if (want.get()[i] != got.get()[i]) fail(what, isa, one, i);
    }
}

void check(tq::Random& random, const tq_kernels* kernels, const Case& one) {
    const tq_kernels* reference = tq_kernels_of(TQ_SCALAR);
    const size_t row = static_cast<size_t>(one.shape.block) * one.shape.blocks;
    const Exact<uint8_t> rows = encode_rows(random, one);
    Exact<float> queries(one.heads * row), weights(one.heads * one.tokens);
    fill_normal(random, queries.get(), queries.size);
    for (size_t i = 0; i < weights.size; i++) weights.get()[i] = static_cast<float>(random.uniform());
    const auto query = std::make_unique<tq_query>();
    tq_quantize_query(queries.get(), one.heads, static_cast<int>(row), query.get());

    Exact<float> want(one.heads * one.tokens), got(one.heads * one.tokens);
    reference->scores(one.shape, rows.get(), one.stride, one.tokens, query.get(), want.get(), one.tokens);
    kernels->scores(one.shape, rows.get(), one.stride, one.tokens, query.get(), got.get(), one.tokens);
    same("scores", kernels->isa, one, want, got);

    Exact<float> want_sum(one.heads * row), got_sum(one.heads * row);
    reference->accumulate(one.shape, rows.get(), one.stride, one.tokens, weights.get(), one.tokens, one.heads, want_sum.get());
    kernels->accumulate(one.shape, rows.get(), one.stride, one.tokens, weights.get(), one.tokens, one.heads, got_sum.get());
    same("accumulate", kernels->isa, one, want_sum, got_sum);
}

template <size_t HEADS, size_t TOKENS>
int check_isa(const tq_kernels* kernels, const int (&all_heads)[HEADS], const size_t (&all_tokens)[TOKENS]) {
    tq::Random random(7);
    int cases = 0;
    for (int bits = TQ_3; bits <= TQ_6; bits++) {
        for (int block = 64; block <= 256; block *= 2) {
            for (int blocks = 1; blocks <= TQ_MAX_ROW / block; blocks *= 2) {
                const tq_shape shape{static_cast<tq_format>(bits), block, blocks};
                for (const int heads : all_heads) {
                    for (const size_t tokens : all_tokens) {
                        check(random, kernels, {shape, heads, tokens, tq_row_bytes(shape) + (cases % 2 == 0 ? 0 : kGap)});
                        cases++;
                    }
                }
            }
        }
    }
    return cases;
}

}  // namespace

int main(int argc, char** argv) {
    const bool few = argc > 1 && std::strcmp(argv[1], "few") == 0;
    int machines = 0;
    for (int isa = TQ_SCALAR + 1; isa < TQ_ISA_COUNT; isa++) {
        const tq_kernels* kernels = tq_kernels_of(static_cast<tq_isa>(isa));
        if (kernels == nullptr) continue;
        machines++;
        const int cases = few ? check_isa(kernels, kFewHeads, kFewTokens) : check_isa(kernels, kHeads, kTokens);
        std::printf("%s: %d cases equal the reference\n", tq_isa_name(kernels->isa), cases);
    }
    if (machines == 0) {
        std::printf("this machine has no instruction set but the reference's: nothing was compared\n");
        return 1;
    }
    return 0;
}
