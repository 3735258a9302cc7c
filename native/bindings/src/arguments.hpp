// What every function of the addon does with its arguments: index.ts has looked at their types, the lengths are looked at here.
#pragma once

#include <napi.h>

#include "turboquant/block.h"
#include "turboquant/status.h"

namespace tq::addon {

// An Error whose `code` is the status's name, for example TQ_WRONG_LENGTH.
Napi::Error error_of(Napi::Env env, tq_status status);
void check(Napi::Env env, tq_status status);
// For asynchronous work, whose status arrives as a number.
const char* status_name(tq_status status);

// {bits, block, blocks}; throws TQ_UNKNOWN_FORMAT or TQ_WRONG_HEAD_DIM.
tq_shape shape_of(const Napi::Value& value);

// Rows of `row` elements in an array of `length`; throws TQ_WRONG_LENGTH when there is a rest.
size_t rows_of(Napi::Env env, size_t length, size_t row);

}  // namespace tq::addon
