// What the process gives back to the kernel: rows of embeddings that were looked up, and what loading freed.
#pragma once

#include <cstddef>

struct ggml_tensor;
struct llama_model;

namespace innerloop {

// Tables that are looked up and never streamed stay in the file; each row that was read would stay resident as well, and
// its neighbours with it. The kernel keeps the pages as cache for as long as nobody needs the memory. Microseconds.
void forget_rows(const llama_model & model);

// What a batch of many tokens left in the buffer of intermediate results: the next graph writes before it reads. `result` is
// any tensor in that buffer.
void forget_results(const ggml_tensor * result, size_t tokens);

// Once a model is loaded: the holes that loading left in the heap, and the program's own pages of code and constants that
// only loading needed. What is still used comes back from the page cache.
void give_back();

} // namespace innerloop
