#include "innerloop/merge-ranks.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace innerloop {

namespace {

constexpr size_t FIRST_SLOTS = 1024;

size_t hash_of(std::string_view left, std::string_view right) {
    const std::hash<std::string_view> hash;
    // Odd and large: (a, b) and (b, a) differ, and low bits, which choose the slot, depend on all of both.
    const uint64_t mixed = (hash(left)*UINT64_C(0x9e3779b97f4a7c15) ^ hash(right))*UINT64_C(0xc2b2ae3d27d4eb4f);
    return (size_t) (mixed ^ (mixed >> 29));
}

} // namespace

void merge_ranks::emplace(const std::pair<std::string, std::string> & merge, int rank) {
    const auto & [left, right] = merge;
    constexpr size_t longest = std::numeric_limits<uint16_t>::max();
    if (left.size() > longest || right.size() > longest) {
        throw std::length_error("a merge of the vocabulary is longer than 64 KiB");
    }
    if (2*(entries.size() + 1) > slots.size()) {
        grow();
    }
    uint32_t & slot = slots[slot_of(left, right)];
    if (slot != 0) {
        return;
    }
    entries.push_back({(uint32_t) characters.size(), (uint16_t) left.size(), (uint16_t) right.size(), rank});
    characters.insert(characters.end(), left.begin(), left.end());
    characters.insert(characters.end(), right.begin(), right.end());
    slot = (uint32_t) entries.size();
}

int merge_ranks::find(const std::string & left, const std::string & right) const {
    const size_t index = index_of(left, right);
    return index == entries.size() ? -1 : entries[index].rank;
}

size_t merge_ranks::index_of(const std::string & left, const std::string & right) const {
    const uint32_t slot = slots.empty() ? 0 : slots[slot_of(left, right)];
    return slot == 0 ? entries.size() : slot - 1;
}

std::vector<std::string> merge_ranks::texts() const {
    int most = -1;
    for (const auto & e : entries) {
        most = std::max(most, e.rank);
    }
    std::vector<std::string> result(most + 1);
    for (const auto & e : entries) {
        const char * text = characters.data() + e.at;
        result[e.rank] = std::string(text, e.left) + " " + std::string(text + e.left, e.right);
    }
    return result;
}

// Where the pair stands, or the free slot where it would.
size_t merge_ranks::slot_of(const std::string & left, const std::string & right) const {
    const size_t mask = slots.size() - 1;
    size_t at = hash_of(left, right) & mask;
    while (slots[at] != 0 && !is_at(entries[slots[at] - 1], left, right)) {
        at = (at + 1) & mask;
    }
    return at;
}

bool merge_ranks::is_at(const entry & e, const std::string & left, const std::string & right) const {
    const char * text = characters.data() + e.at;
    return e.left == left.size() && e.right == right.size() && memcmp(text, left.data(), e.left) == 0 &&
           memcmp(text + e.left, right.data(), e.right) == 0;
}

void merge_ranks::grow() {
    slots.assign(slots.empty() ? FIRST_SLOTS : 2*slots.size(), 0);
    const size_t mask = slots.size() - 1;
    for (size_t i = 0; i < entries.size(); i++) {
        const char * text = characters.data() + entries[i].at;
        size_t at = hash_of({text, entries[i].left}, {text + entries[i].left, entries[i].right}) & mask;
        while (slots[at] != 0) {
            at = (at + 1) & mask;
        }
        slots[at] = (uint32_t) i + 1;
    }
}

} // namespace innerloop
