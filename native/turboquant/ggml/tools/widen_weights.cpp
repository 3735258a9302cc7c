// Writes a model again with weights of 16 bits, the values that its quantized ones stand for: a yardstick without rounding of activations.
//
//   widen_weights MODEL OUT

#include "kv_model.h"

int main(int argc, char ** argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: widen_weights MODEL OUT\n");
        return 2;
    }
    kv::start();
    auto params = llama_model_quantize_default_params();
    params.ftype = LLAMA_FTYPE_MOSTLY_F16;
    params.allow_requantize = true;
    params.quantize_output_tensor = true;
    if (llama_model_quantize(argv[1], argv[2], &params) != 0) {
        kv::fail("the model cannot be written with weights of 16 bits");
    }
    return 0;
}
