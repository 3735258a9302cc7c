// Fills a cache to any depth without computing it: a short one is repeated to the length.
#pragma once

#include "kv_model.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace kv {

// A saved sequence, read and written anew with more cells. Layout of llama.cpp's state of one stream: streams, cells,
// {position, ids, id} a cell, is V transposed, layers, then {type, row bytes, rows} for each layer's K and each one's V.
class state {
  public:
    state(const std::vector<uint8_t> & from) : in(from) {}

    std::vector<uint8_t> repeated(int depth, int window) {
        copy(8); // magic and sequence
        section(depth, 0);
        if (at < in.size()) {
            const int kept = std::min(depth, window);
            section(kept, depth - kept);
        }
        if (at != in.size()) {
            fail("the state has another layout than this tool knows");
        }
        return out;
    }

  private:
    const std::vector<uint8_t> & in;
    std::vector<uint8_t> out;
    size_t at = 0;

    template <typename T> T take() {
        T value;
        memcpy(&value, in.data() + at, sizeof(T));
        at += sizeof(T);
        return value;
    }

    template <typename T> void put(T value) {
        const auto * bytes = (const uint8_t *) &value;
        out.insert(out.end(), bytes, bytes + sizeof(T));
    }

    void copy(size_t bytes) {
        out.insert(out.end(), in.begin() + at, in.begin() + at + bytes);
        at += bytes;
    }

    void section(int cells, int first_position) {
        const auto streams = take<uint32_t>();
        const auto had = take<uint32_t>();
        if (streams != 1) {
            fail("a state of one stream was expected");
        }
        put<uint32_t>(streams);
        put<uint32_t>(cells);
        at += had*12;
        for (int i = 0; i < cells; i++) {
            put<int32_t>(first_position + i);
            put<uint32_t>(1);
            put<int32_t>(0);
        }
        const auto is_transposed = take<uint32_t>();
        const auto layers = take<uint32_t>();
        put(is_transposed);
        put(layers);
        for (uint32_t i = 0; i < 2*layers; i++) {
            put(take<int32_t>());
            const auto row = take<uint64_t>();
            put(row);
            for (int c = 0; c < cells; c++) {
                const auto from = in.begin() + at + c % had*row;
                out.insert(out.end(), from, from + row);
            }
            at += had*row;
        }
    }
};

} // namespace kv
