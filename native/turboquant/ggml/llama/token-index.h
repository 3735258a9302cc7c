// Which token a text is, in one block of characters: a hash table of strings takes 20 MB for Gemma, this one 7.
#pragma once

#include "innerloop/merge-ranks.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace innerloop {

// As much of std::unordered_map<std::string, int32_t> as llama.cpp's vocabulary uses; tokens come in the order of entry.
class token_index {
  public:
    class iterator {
      public:
        iterator(const merge_ranks & table, size_t at) : table(table), at(at) {}

        const std::pair<std::string, int32_t> & operator*() const {
            value = { table.left_at(at), table.rank_at(at) };
            return value;
        }

        const std::pair<std::string, int32_t> * operator->() const { return &**this; }

        iterator & operator++() {
            at++;
            return *this;
        }

        bool operator==(const iterator & other) const { return at == other.at; }
        bool operator!=(const iterator & other) const { return at != other.at; }

      private:
        const merge_ranks & table;
        size_t at;
        mutable std::pair<std::string, int32_t> value;
    };

    void emplace(const std::string & text, int32_t token) { table.emplace({ text, "" }, token); }

    iterator begin() const { return { table, 0 }; }
    iterator end() const { return { table, table.size() }; }
    iterator find(const std::string & text) const { return { table, table.index_of(text, "") }; }

    int32_t at(const std::string & text) const {
        const int32_t token = table.find(text, "");
        if (token < 0) {
            throw std::out_of_range("no token is \"" + text + "\"");
        }
        return token;
    }

    size_t count(const std::string & text) const { return table.find(text, "") < 0 ? 0 : 1; }
    size_t size() const { return table.size(); }

  private:
    merge_ranks table;
};

} // namespace innerloop
