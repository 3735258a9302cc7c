// Runs one kernel once, for an emulator that counts instructions: what two counts of tokens differ by is the kernel's own.
//
//   count_kernels BITS scores|accumulate TOKENS
//
// Eight heads on one KV head of 256 coordinates, by the best instruction set of the machine. Prints its name.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "turboquant/block.h"

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    constexpr int kHeads = 8, kRow = 256;
    const tq_shape shape{static_cast<tq_format>(std::atoi(argv[1])), kRow, 1};
    const size_t tokens = static_cast<size_t>(std::atoi(argv[3])), bytes = tq_row_bytes(shape);
    const tq_kernels* kernels = tq_best_kernels();
    // Zeros are codes like any others, and cost no encoding.
    const std::vector<uint8_t> rows(tokens * bytes);
    const auto query = std::make_unique<tq_query>();
    query->heads = kHeads;
    query->row = kRow;
    const std::vector<float> weights(kHeads * tokens);
    std::vector<float> out(kHeads * (tokens > kRow ? tokens : kRow));
    if (std::strcmp(argv[2], "scores") == 0) {
        kernels->scores(shape, rows.data(), bytes, tokens, query.get(), out.data(), tokens);
    } else {
        kernels->accumulate(shape, rows.data(), bytes, tokens, weights.data(), tokens, kHeads, out.data());
    }
    std::puts(tq_isa_name(kernels->isa));
    return 0;
}
