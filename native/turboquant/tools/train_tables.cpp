// Makes src/block_tables.inc: for each width of code, one codebook and sixteen scales trained together on normal coordinates, as
// int8 tables. Usage: train_tables > src/block_tables.inc (a minute). The file is checked in, because a stored block must mean the
// same on every machine; test/paper/block-format.test.ts holds its error against the design's figures.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "turboquant/block.h"
#include "turboquant/rotation.h"

namespace {

constexpr int kScales = 16;
constexpr int kBlock = 256;
constexpr int kBlocks = 4000;
constexpr int kRounds = 40;
// A little saturation of the outermost level buys finer steps for all: the least error of 1, .95, .9 and .85 at every width.
constexpr double kClip = 0.9;

struct Model {
    int bits;
    std::vector<double> levels;
    double scales[kScales];
};

std::vector<float> normal_blocks() {
    tq::Random random(2024);
    std::vector<float> all;
    for (int block = 0; block < kBlocks; block++) {
        double squares = 0;
        float values[kBlock];
        for (float& value : values) {
            value = static_cast<float>(random.normal());
            squares += value * value;
        }
        const double rms = std::sqrt(squares / kBlock);
        for (const float value : values) all.push_back(static_cast<float>(value / rms));
    }
    return all;
}

int nearest(const std::vector<double>& levels, double x) {
    const size_t at = std::lower_bound(levels.begin(), levels.end(), x) - levels.begin();
    if (at == 0) return 0;
    if (at == levels.size()) return static_cast<int>(at) - 1;
    return static_cast<int>(x - levels[at - 1] < levels[at] - x ? at - 1 : at);
}

double group_error(const Model& model, double scale, const float* group) {
    double error = 0;
    for (int i = 0; i < TQ_GROUP; i++) {
        const double miss = group[i] - scale * model.levels[nearest(model.levels, group[i] / scale)];
        error += miss * miss;
    }
    return error;
}

int best_scale(const Model& model, const float* group) {
    int best = 0;
    double least = INFINITY;
    for (int j = 0; j < kScales; j++) {
        const double error = group_error(model, model.scales[j], group);
        if (error < least) {
            least = error;
            best = j;
        }
    }
    return best;
}

// One round of alternating least squares over codes, levels and scales.
void improve(Model& model, const std::vector<float>& data) {
    const int count = static_cast<int>(model.levels.size());
    std::vector<double> level_sum(count), level_mass(count);
    double scale_sum[kScales] = {}, scale_mass[kScales] = {};
    for (size_t at = 0; at < data.size(); at += TQ_GROUP) {
        const int j = best_scale(model, &data[at]);
        const double scale = model.scales[j];
        for (int i = 0; i < TQ_GROUP; i++) {
            const double x = data[at + i];
            const int code = nearest(model.levels, x / scale);
            const double level = model.levels[code];
            level_sum[code] += x * scale;
            level_mass[code] += scale * scale;
            scale_sum[j] += x * level;
            scale_mass[j] += level * level;
        }
    }
    for (int code = 0; code < count / 2; code++) {
        const int mirror = count - 1 - code;
        const double mass = level_mass[code] + level_mass[mirror];
        if (mass <= 0) continue;
        model.levels[mirror] = (level_sum[mirror] - level_sum[code]) / mass;
        model.levels[code] = -model.levels[mirror];
    }
    std::sort(model.levels.begin(), model.levels.end());
    for (int j = 0; j < kScales; j++) {
        if (scale_mass[j] > 0) model.scales[j] = scale_sum[j] / scale_mass[j];
    }
    std::sort(model.scales, model.scales + kScales);
}

void print(const Model& model) {
    const double unit = model.scales[kScales - 1] * model.levels.back() * kClip / 127;
    std::printf("constexpr float kUnit%d = %.9gf;\n", model.bits, unit);
    // A look-up takes sixteen entries: shorter tables are repeated.
    const int copies = model.bits >= 4 ? 1 : 16 >> model.bits;
    std::printf("alignas(64) constexpr int8_t kTable%d[16][%zu] = {\n", model.bits, model.levels.size() * copies);
    for (const double scale : model.scales) {
        std::printf("    {");
        for (int copy = 0; copy < copies; copy++) {
            for (const double level : model.levels) {
                const double step = std::clamp(std::round(scale * level / unit), -127.0, 127.0);
                std::printf("%s%d", copy == 0 && level == model.levels[0] ? "" : ", ", static_cast<int>(step));
            }
        }
        std::printf("},\n");
    }
    std::printf("};\n");
}

}  // namespace

int main() {
    const std::vector<float> data = normal_blocks();
    std::printf("// Written by tools/train_tables.cpp; not edited by hand.\n// clang-format off\n");
    for (int bits = 2; bits <= 6; bits++) {
        Model model{bits, {}, {}};
        const int count = 1 << bits;
        for (int i = 0; i < count; i++) model.levels.push_back(-3 + 6 * (i + 0.5) / count);
        for (int j = 0; j < kScales; j++) model.scales[j] = 0.6 * std::pow(2.3, j / 15.0);
        for (int round = 0; round < kRounds; round++) improve(model, data);
        print(model);
    }
    std::printf("// clang-format on\n");
}
