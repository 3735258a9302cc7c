#include "innerloop/lean-memory.h"

#include "ggml-backend.h"
#include "llama-model.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace innerloop {

namespace {

// A buffer over a mapped file: its pages can be read again. In any other, dropping pages would lose them.
bool is_mapped(const ggml_tensor * tensor) {
    return tensor != nullptr && tensor->buffer != nullptr && strcmp(ggml_backend_buffer_name(tensor->buffer), "CPU_Mapped") == 0;
}

#if defined(__linux__)
// Of files that are mapped read-only; where a page was written (relocations), the mapping is left alone.
void drop_clean_pages() {
    std::ifstream smaps("/proc/self/smaps");
    unsigned long long first = 0, last = 0, inode = 0, written = 0;
    char permissions[5] = "";
    for (std::string line; std::getline(smaps, line);) {
        unsigned long long a, b, i;
        char p[5];
        if (sscanf(line.c_str(), "%llx-%llx %4s %*s %*s %llu", &a, &b, p, &i) == 4) {
            first = a, last = b, inode = i;
            memcpy(permissions, p, sizeof(permissions));
        } else if (sscanf(line.c_str(), "Anonymous: %llu kB", &written) == 1 && written == 0 && inode != 0 && permissions[0] == 'r' &&
                   permissions[1] == '-' && permissions[3] == 'p') {
            (void) madvise((void *) (uintptr_t) first, last - first, MADV_DONTNEED);
        }
    }
}
#endif

// Whole pages between two addresses. Nothing depends on its success.
void drop(const void * from, size_t bytes) {
#if defined(__linux__)
    const uintptr_t page  = (uintptr_t) sysconf(_SC_PAGESIZE);
    const uintptr_t first = ((uintptr_t) from + page - 1)/page*page;
    const uintptr_t last  = ((uintptr_t) from + bytes)/page*page;
    if (first < last) {
        (void) madvise((void *) first, last - first, MADV_DONTNEED);
    }
#else
    (void) from;
    (void) bytes;
#endif
}

void forget(const ggml_tensor * table) {
    if (is_mapped(table)) {
        drop(table->data, ggml_nbytes(table));
    }
}

// Decoding touches little of the buffer and is not slowed down.
constexpr size_t FEW_TOKENS = 16;

} // namespace

void forget_rows(const llama_model & model) {
    forget(model.per_layer_tok_embd);
    // A table that is the output matrix too is streamed for every token.
    if (model.tok_embd != model.output) {
        forget(model.tok_embd);
    }
}

void forget_results(const ggml_tensor * result, size_t tokens) {
    const auto buffer = result->buffer;
    if (tokens <= FEW_TOKENS || buffer == nullptr || strcmp(ggml_backend_buffer_name(buffer), "CPU") != 0) {
        return;
    }
    drop(ggml_backend_buffer_get_base(buffer), ggml_backend_buffer_get_size(buffer));
}

void give_back() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
#if defined(__linux__)
    drop_clean_pages();
#endif
}

} // namespace innerloop
