// From moments of keys and queries to the transform that lets few bits hold the keys.
#pragma once

#include "../llama/calibration-file.h"
#include "key_statistics.h"

namespace kv {

// Channels in falling order of E q² · E k², in segments of 32 that are spread over blocks of 256; within a segment balanced by
// (E q² / E k²)^¼, signed, rotated, and brought to variance 1.
innerloop::head_transform fit_transform(const head_statistics & statistics);

} // namespace kv
