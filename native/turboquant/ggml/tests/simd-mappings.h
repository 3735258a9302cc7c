// What attention uses of ggml-cpu's header of this name, for a program that is made without ggml.
#pragma once

#include <cstring>

inline float half_to_single(uint16_t bits) {
    __fp16 half;
    memcpy(&half, &bits, sizeof(half));
    return half;
}

#define GGML_CPU_FP16_TO_FP32(x) half_to_single(x)
