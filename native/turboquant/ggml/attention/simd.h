// One float vector of the widest set that the build names: just what the attention kernels need.
#pragma once

#include "ggml.h"
#include "simd-mappings.h"

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__) && defined(__F16C__))
#include <immintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace innerloop::simd {

#if defined(__AVX512F__)

using vec = __m512;
constexpr int LANES = 16;
// Sums that are kept in registers at once.
constexpr int SUMS = 16;

inline vec zero() { return _mm512_setzero_ps(); }
inline vec set1(float x) { return _mm512_set1_ps(x); }
inline vec load(const float * p) { return _mm512_loadu_ps(p); }
inline vec load(const ggml_fp16_t * p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p)); }
inline void store(float * p, vec x) { _mm512_storeu_ps(p, x); }
inline vec add(vec a, vec b) { return _mm512_add_ps(a, b); }
inline vec mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
inline vec max(vec a, vec b) { return _mm512_max_ps(a, b); }
// a·b + c
inline vec fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
inline float sum(vec x) { return _mm512_reduce_add_ps(x); }
inline float largest(vec x) { return _mm512_reduce_max_ps(x); }
// out[i] = sum(x[i]): a third of the work of four single sums.
inline void sum4(const vec * x, float * out) {
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));
    const __m512 all = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1)));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}

#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

using vec = __m256;
constexpr int LANES = 8;
constexpr int SUMS = 8;

inline vec zero() { return _mm256_setzero_ps(); }
inline vec set1(float x) { return _mm256_set1_ps(x); }
inline vec load(const float * p) { return _mm256_loadu_ps(p); }
inline vec load(const ggml_fp16_t * p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p)); }
inline void store(float * p, vec x) { _mm256_storeu_ps(p, x); }
inline vec add(vec a, vec b) { return _mm256_add_ps(a, b); }
inline vec mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
inline vec max(vec a, vec b) { return _mm256_max_ps(a, b); }
inline vec fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
inline float sum(vec x) {
    const __m128 halves = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}
inline float largest(vec x) {
    const __m128 halves = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 pairs = _mm_max_ps(halves, _mm_movehl_ps(halves, halves));
    return _mm_cvtss_f32(_mm_max_ss(pairs, _mm_movehdup_ps(pairs)));
}
inline void sum4(const vec * x, float * out) {
    const __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

using vec = float32x4_t;
constexpr int LANES = 4;
constexpr int SUMS = 16;

inline vec zero() { return vdupq_n_f32(0); }
inline vec set1(float x) { return vdupq_n_f32(x); }
inline vec load(const float * p) { return vld1q_f32(p); }
inline vec load(const ggml_fp16_t * p) { return vcvt_f32_f16(vld1_f16((const __fp16 *) p)); }
inline void store(float * p, vec x) { vst1q_f32(p, x); }
inline vec add(vec a, vec b) { return vaddq_f32(a, b); }
inline vec mul(vec a, vec b) { return vmulq_f32(a, b); }
inline vec max(vec a, vec b) { return vmaxq_f32(a, b); }
inline vec fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
inline float sum(vec x) { return vaddvq_f32(x); }
inline float largest(vec x) { return vmaxvq_f32(x); }
inline void sum4(const vec * x, float * out) { vst1q_f32(out, vpaddq_f32(vpaddq_f32(x[0], x[1]), vpaddq_f32(x[2], x[3]))); }

#else

using vec = float;
constexpr int LANES = 1;
constexpr int SUMS = 8;

inline vec zero() { return 0; }
inline vec set1(float x) { return x; }
inline vec load(const float * p) { return *p; }
inline vec load(const ggml_fp16_t * p) { return GGML_CPU_FP16_TO_FP32(*p); }
inline void store(float * p, vec x) { *p = x; }
inline vec add(vec a, vec b) { return a + b; }
inline vec mul(vec a, vec b) { return a * b; }
inline vec max(vec a, vec b) { return a > b ? a : b; }
inline vec fma(vec a, vec b, vec c) { return a * b + c; }
inline float sum(vec x) { return x; }
inline float largest(vec x) { return x; }
inline void sum4(const vec * x, float * out) {
    for (int i = 0; i < 4; i++) {
        out[i] = x[i];
    }
}

#endif

#if defined(__F16C__)
inline float to_float(ggml_fp16_t x) { return _cvtsh_ss(x); }
#else
inline float to_float(ggml_fp16_t x) { return GGML_CPU_FP16_TO_FP32(x); }
#endif

// Smallest multiple of the vector's length that holds n floats.
constexpr int64_t padded(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

} // namespace innerloop::simd
