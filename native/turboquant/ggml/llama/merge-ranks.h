// The merges of a byte-pair vocabulary in one block of characters: half a million pairs of strings take 75 MB, these 20.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace innerloop {

class merge_ranks {
  public:
    // The rank of a pair that is there already stays. Throws std::length_error for halves of 64 KiB and more.
    void emplace(const std::pair<std::string, std::string> & merge, int rank);

    // -1 when the two are not merged.
    int find(const std::string & left, const std::string & right) const;

    size_t size() const { return entries.size(); }

    // Where the pair stands in the order of entry; size() where it does not.
    size_t      index_of(const std::string & left, const std::string & right) const;
    std::string left_at(size_t index) const { return { characters.data() + entries[index].at, entries[index].left }; }
    int         rank_at(size_t index) const { return entries[index].rank; }

    // "left right" at its rank.
    std::vector<std::string> texts() const;

  private:
    struct entry {
        uint32_t at;
        uint16_t left;
        uint16_t right;
        int32_t  rank;
    };

    std::vector<char>     characters;
    std::vector<entry>    entries;
    // Index of an entry plus one, 0 where nothing is; a power of two, at most half full.
    std::vector<uint32_t> slots;

    size_t slot_of(const std::string & left, const std::string & right) const;
    bool   is_at(const entry & e, const std::string & left, const std::string & right) const;
    void   grow();
};

} // namespace innerloop
