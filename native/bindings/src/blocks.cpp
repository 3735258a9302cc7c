// The engine's block formats: layout, encode, reconstruct, and the two kernels on any instruction set that this machine has.
#include <cmath>
#include <memory>

#include "exports.hpp"
#include "in_background.hpp"

namespace tq::addon {
namespace {

size_t row_of(tq_shape shape) {
    return static_cast<size_t>(shape.block) * shape.blocks;
}

bool is_finite(const float* x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!std::isfinite(x[i])) return false;
    }
    return true;
}

const tq_kernels* kernels_named(const Napi::Value& value) {
    if (value.IsUndefined()) return tq_best_kernels();
    const std::string name = value.As<Napi::String>();
    for (int isa = 0; isa < TQ_ISA_COUNT; isa++) {
        if (name != tq_isa_name(static_cast<tq_isa>(isa))) continue;
        if (const tq_kernels* kernels = tq_kernels_of(static_cast<tq_isa>(isa)); kernels != nullptr) return kernels;
    }
    throw Napi::Error::New(value.Env(), "This machine does not have the instruction set " + name + ".");
}

// () → names of the instruction sets that this machine has, the best last
Napi::Value instruction_sets(const Napi::CallbackInfo& info) {
    Napi::Array out = Napi::Array::New(info.Env());
    for (int isa = 0; isa < TQ_ISA_COUNT; isa++) {
        const auto each = static_cast<tq_isa>(isa);
        if (tq_kernels_of(each) != nullptr) out.Set(out.Length(), Napi::String::New(info.Env(), tq_isa_name(each)));
    }
    return out;
}

// (shape) → bytes of a row
Napi::Value row_bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(tq_row_bytes(shape_of(info[0]))));
}

tq_status encode_rows(tq_shape shape, const float* in, size_t rows, uint8_t* out) {
    if (!is_finite(in, rows * row_of(shape))) return TQ_NOT_FINITE;
    tq_encode(shape, in, rows, out);
    return TQ_OK;
}

// (shape, Float32Array [rows, row]) → Uint8Array
Napi::Value encode(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const tq_shape shape = shape_of(info[0]);
    const auto in = info[1].As<Napi::Float32Array>();
    const size_t rows = rows_of(env, in.ElementLength(), row_of(shape));
    Napi::Uint8Array out = Napi::Uint8Array::New(env, rows * tq_row_bytes(shape));
    check(env, encode_rows(shape, in.Data(), rows, out.Data()));
    return out;
}

// The same on another thread → Promise<Uint8Array>
Napi::Value encode_in_background(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const tq_shape shape = shape_of(info[0]);
    const auto in = info[1].As<Napi::Float32Array>();
    const size_t rows = rows_of(env, in.ElementLength(), row_of(shape));
    // A copy: JavaScript may change or transfer its own while the thread works.
    std::vector<float> copy(in.Data(), in.Data() + in.ElementLength());
    return BackgroundWork<uint8_t>::start(env, [shape, rows, copy = std::move(copy)](std::vector<uint8_t>& out) {
        out.resize(rows * tq_row_bytes(shape));
        return encode_rows(shape, copy.data(), rows, out.data());
    });
}

// (shape, Uint8Array [rows, rowBytes]) → Float32Array
Napi::Value reconstruct(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const tq_shape shape = shape_of(info[0]);
    const auto in = info[1].As<Napi::Uint8Array>();
    const size_t rows = rows_of(env, in.ElementLength(), tq_row_bytes(shape));
    Napi::Float32Array out = Napi::Float32Array::New(env, rows * row_of(shape));
    tq_reconstruct(shape, in.Data(), rows, out.Data());
    return out;
}

// (shape, Uint8Array [tokens, rowBytes], Float32Array [heads, row], instruction set?) → Float32Array [heads, tokens]
Napi::Value scores(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const tq_shape shape = shape_of(info[0]);
    const auto rows = info[1].As<Napi::Uint8Array>();
    const auto queries = info[2].As<Napi::Float32Array>();
    const size_t tokens = rows_of(env, rows.ElementLength(), tq_row_bytes(shape));
    const size_t heads = rows_of(env, queries.ElementLength(), row_of(shape));
    if (heads < 1 || heads > TQ_MAX_HEADS) throw error_of(env, TQ_WRONG_LENGTH);
    if (!is_finite(queries.Data(), queries.ElementLength())) throw error_of(env, TQ_NOT_FINITE);
    const tq_kernels* kernels = kernels_named(info[3]);
    const auto query = std::make_unique<tq_query>();
    tq_quantize_query(queries.Data(), static_cast<int>(heads), static_cast<int>(row_of(shape)), query.get());
    Napi::Float32Array out = Napi::Float32Array::New(env, heads * tokens);
    kernels->scores(shape, rows.Data(), tq_row_bytes(shape), tokens, query.get(), out.Data(), tokens);
    return out;
}

// (shape, Uint8Array [tokens, rowBytes], Float32Array [heads, tokens], heads, instruction set?) → Float32Array [heads, row]
Napi::Value accumulate(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const tq_shape shape = shape_of(info[0]);
    const auto rows = info[1].As<Napi::Uint8Array>();
    const auto weights = info[2].As<Napi::Float32Array>();
    const int heads = info[3].As<Napi::Number>().Int32Value();
    const size_t tokens = rows_of(env, rows.ElementLength(), tq_row_bytes(shape));
    if (heads < 1 || heads > TQ_MAX_HEADS || weights.ElementLength() != heads * tokens) throw error_of(env, TQ_WRONG_LENGTH);
    if (!is_finite(weights.Data(), weights.ElementLength())) throw error_of(env, TQ_NOT_FINITE);
    const tq_kernels* kernels = kernels_named(info[4]);
    Napi::Float32Array out = Napi::Float32Array::New(env, heads * row_of(shape));
    kernels->accumulate(shape, rows.Data(), tq_row_bytes(shape), tokens, weights.Data(), tokens, heads, out.Data());
    return out;
}

}  // namespace

void export_blocks(Napi::Env env, Napi::Object exports) {
    exports.Set("instructionSets", Napi::Function::New(env, instruction_sets));
    exports.Set("rowBytes", Napi::Function::New(env, row_bytes));
    exports.Set("encode", Napi::Function::New(env, encode));
    exports.Set("encodeInBackground", Napi::Function::New(env, encode_in_background));
    exports.Set("reconstruct", Napi::Function::New(env, reconstruct));
    exports.Set("scores", Napi::Function::New(env, scores));
    exports.Set("accumulate", Napi::Function::New(env, accumulate));
}

}  // namespace tq::addon
