// Codebooks and rotations, for tests and tools.
#include "exports.hpp"

#include "arguments.hpp"
#include "turboquant/codebook.h"
#include "turboquant/rotation.h"

namespace tq::addon {
namespace {

// (bits, headDim | 0 for normal) → {centroids: Float64Array, distortion}
Napi::Value codebook(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const int bits = info[0].As<Napi::Number>().Int32Value(), head_dim = info[1].As<Napi::Number>().Int32Value();
    Codebook book;
    check(env, head_dim == 0 ? normal_codebook(bits, &book) : sphere_codebook(bits, head_dim, &book));
    Napi::Float64Array centroids = Napi::Float64Array::New(env, size_t{1} << bits);
    for (size_t i = 0; i < centroids.ElementLength(); i++) centroids[i] = book.centroids[i];
    Napi::Object out = Napi::Object::New(env);
    out.Set("centroids", centroids);
    out.Set("distortion", Napi::Number::New(env, book.distortion));
    return out;
}

// (is dense, headDim, seed, inverse, Float32Array [vectors, headDim]) → Float32Array
Napi::Value rotate(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto kind = info[0].As<Napi::Boolean>().Value() ? RotationKind::haar : RotationKind::signed_hadamard;
    const int head_dim = info[1].As<Napi::Number>().Int32Value();
    const auto seed = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
    const bool is_inverse = info[3].As<Napi::Boolean>().Value();
    const auto in = info[4].As<Napi::Float32Array>();
    Rotation rotation;
    check(env, Rotation::create(kind, head_dim, seed, &rotation));
    const size_t rows = rows_of(env, in.ElementLength(), head_dim);
    Napi::Float32Array out = Napi::Float32Array::New(env, in.ElementLength());
    for (size_t i = 0; i < rows; i++) {
        const float* from = in.Data() + i * head_dim;
        float* to = out.Data() + i * head_dim;
        if (is_inverse) rotation.invert(from, to);
        else rotation.apply(from, to);
    }
    return out;
}

}  // namespace

void export_math(Napi::Env env, Napi::Object exports) {
    exports.Set("codebook", Napi::Function::New(env, codebook));
    exports.Set("rotate", Napi::Function::New(env, rotate));
}

}  // namespace tq::addon
