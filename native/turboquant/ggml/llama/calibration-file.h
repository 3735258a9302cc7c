// The file that holds what was learned of a model's keys and queries: how they are brought to a form that few bits can hold.
//
//   bytes        what (little endian)
//   8            "ILKVCAL\0"
//   4            version
//   64           sha256 of the model's file, hex
//   4            tokens that were read
//   4            count of entries
//   for each     layer, KV head, size (4 bytes each); floats mean[size], scale[size], gain[size]; uint16 order[size]
//   8            FNV-1a of all before
//
// Stored coordinate j of a key k is gain[j] · Σ over the 32 of its segment of H[j][i] · scale[i] · (k[order[i]] − mean[i]), H the
// orthonormal Hadamard matrix; a query gets 1/gain and 1/scale in their places, and no mean, which is the same for all keys.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace innerloop {

constexpr char CALIBRATION_MAGIC[8] = "ILKVCAL";
constexpr uint32_t CALIBRATION_VERSION = 1;
constexpr int SEGMENT = 32;

// What one KV head's keys go through. Arrays are by place in the cache, before the Hadamard matrix: [size].
struct head_transform {
    std::vector<float> mean;
    std::vector<float> scale; // with the sign of the rotation
    std::vector<float> gain;  // after the Hadamard matrix
    std::vector<uint16_t> order;
};

struct calibration_entry {
    uint32_t layer;
    uint32_t head;
    head_transform transform;
};

struct calibration {
    std::string model_sha256;
    uint32_t tokens = 0;
    std::vector<calibration_entry> entries;
    uint64_t checksum = 0;
};

inline uint64_t fnv1a(const std::string & bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (uint8_t) bytes[i])*0x100000001b3u;
    }
    return hash;
}

template <typename T> void put(std::string & to, const T * values, size_t count) {
    to.append((const char *) values, count*sizeof(T));
}

inline void write_calibration(const std::string & file, const calibration & from) {
    std::string bytes(CALIBRATION_MAGIC, sizeof(CALIBRATION_MAGIC));
    const uint32_t count = (uint32_t) from.entries.size();
    put(bytes, &CALIBRATION_VERSION, 1);
    bytes.append((from.model_sha256 + std::string(64, '0')).substr(0, 64));
    put(bytes, &from.tokens, 1);
    put(bytes, &count, 1);
    for (const auto & entry : from.entries) {
        const auto & t = entry.transform;
        const uint32_t numbers[3] = { entry.layer, entry.head, (uint32_t) t.order.size() };
        put(bytes, numbers, 3);
        put(bytes, t.mean.data(), t.mean.size());
        put(bytes, t.scale.data(), t.scale.size());
        put(bytes, t.gain.data(), t.gain.size());
        put(bytes, t.order.data(), t.order.size());
    }
    const uint64_t checksum = fnv1a(bytes, bytes.size());
    put(bytes, &checksum, 1);
    std::ofstream(file, std::ios::binary) << bytes;
}

namespace detail {

struct cursor {
    const std::string & bytes;
    size_t at = 0;

    template <typename T> bool take(T * values, size_t count) {
        if (count > (bytes.size() - at)/sizeof(T)) {
            return false;
        }
        memcpy(values, bytes.data() + at, count*sizeof(T));
        at += count*sizeof(T);
        return true;
    }
};

inline bool take_entry(cursor & from, calibration_entry & entry) {
    uint32_t size;
    if (!from.take(&entry.layer, 1) || !from.take(&entry.head, 1) || !from.take(&size, 1) || size == 0 || size > 512 || size % SEGMENT != 0) {
        return false;
    }
    auto & t = entry.transform;
    for (auto * floats : { &t.mean, &t.scale, &t.gain }) {
        floats->resize(size);
        if (!from.take(floats->data(), size)) {
            return false;
        }
    }
    t.order.resize(size);
    if (!from.take(t.order.data(), size)) {
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (t.order[i] >= size || t.scale[i] == 0 || t.gain[i] <= 0) {
            return false;
        }
    }
    return true;
}

} // namespace detail

// Null, or what is wrong with the file.
inline const char * read_calibration(const std::string & file, calibration & to) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    detail::cursor from { bytes };
    char magic[8], sha256[64];
    uint32_t version, count;
    if (!from.take(magic, 8) || memcmp(magic, CALIBRATION_MAGIC, 8) != 0) {
        return "is not a calibration, or cannot be read";
    }
    if (!from.take(&version, 1) || version != CALIBRATION_VERSION) {
        return "is of another version";
    }
    uint64_t checksum;
    memcpy(&checksum, bytes.data() + bytes.size() - sizeof(checksum), sizeof(checksum));
    if (checksum != fnv1a(bytes, bytes.size() - sizeof(checksum)) || !from.take(sha256, 64) || !from.take(&to.tokens, 1) || !from.take(&count, 1)) {
        return "is damaged";
    }
    to.model_sha256.assign(sha256, 64);
    to.checksum = checksum;
    for (uint32_t i = 0; i < count; i++) {
        to.entries.emplace_back();
        if (!detail::take_entry(from, to.entries.back())) {
            return "is damaged";
        }
    }
    return nullptr;
}

} // namespace innerloop
