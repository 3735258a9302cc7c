// Maps statuses to errors and plain objects to shapes.
#include "arguments.hpp"

namespace tq::addon {

const char* status_name(tq_status status) {
    switch (status) {
        case TQ_OK: return "TQ_OK";
        case TQ_WRONG_LENGTH: return "TQ_WRONG_LENGTH";
        case TQ_WRONG_HEAD_DIM: return "TQ_WRONG_HEAD_DIM";
        case TQ_WRONG_BITS: return "TQ_WRONG_BITS";
        case TQ_NOT_FINITE: return "TQ_NOT_FINITE";
        case TQ_UNKNOWN_FORMAT: return "TQ_UNKNOWN_FORMAT";
        case TQ_OUT_OF_MEMORY: return "TQ_OUT_OF_MEMORY";
    }
    return "TQ_UNKNOWN_STATUS";
}

static const char* message_of(tq_status status) {
    switch (status) {
        case TQ_WRONG_LENGTH: return "The array's length does not fit the shape.";
        case TQ_WRONG_HEAD_DIM: return "This head dimension or block cannot be had with this rotation or format.";
        case TQ_WRONG_BITS: return "A code has 1 to 6 bits.";
        case TQ_NOT_FINITE: return "The input holds NaN or infinity.";
        case TQ_UNKNOWN_FORMAT: return "A block's codes have 3, 4, 5 or 6 bits.";
        case TQ_OUT_OF_MEMORY: return "There is no memory left.";
        default: return "The codec failed.";
    }
}

Napi::Error error_of(Napi::Env env, tq_status status) {
    Napi::Error error = Napi::Error::New(env, message_of(status));
    error.Set("code", Napi::String::New(env, status_name(status)));
    return error;
}

void check(Napi::Env env, tq_status status) {
    if (status != TQ_OK) throw error_of(env, status);
}

tq_shape shape_of(const Napi::Value& value) {
    const Napi::Object object = value.As<Napi::Object>();
    const auto number = [&](const char* name) { return object.Get(name).As<Napi::Number>().Int32Value(); };
    const tq_shape shape{static_cast<tq_format>(number("bits")), number("block"), number("blocks")};
    check(value.Env(), tq_check_shape(shape));
    return shape;
}

size_t rows_of(Napi::Env env, size_t length, size_t row) {
    if (length % row != 0) throw error_of(env, TQ_WRONG_LENGTH);
    return length / row;
}

}  // namespace tq::addon
