// What each file of the addon adds to its exports.
#pragma once

#include <napi.h>

namespace tq::addon {

void export_math(Napi::Env env, Napi::Object exports);
void export_blocks(Napi::Env env, Napi::Object exports);
void export_published_codec(Napi::Env env, Napi::Object exports);

}  // namespace tq::addon
