// Which kernels this machine can run: asked of the processor, once.
#include "kernel_table.hpp"

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace {

bool has_isa(tq_isa isa) {
    switch (isa) {
        case TQ_SCALAR: return true;
#if defined(__x86_64__)
        case TQ_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case TQ_AVX512_VNNI:
            return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vbmi");
#endif
#if defined(__aarch64__) && defined(__linux__)
        case TQ_NEON_DOTPROD: return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
        default: return false;
    }
}

}  // namespace

extern "C" {

const tq_kernels* tq_kernels_of(tq_isa isa) {
    if (!has_isa(isa)) return nullptr;
    switch (isa) {
        case TQ_SCALAR: return tq::scalar_kernels();
#if defined(__x86_64__)
        case TQ_AVX2: return tq::avx2_kernels();
        case TQ_AVX512_VNNI: return tq::avx512_vnni_kernels();
#endif
#if defined(__aarch64__)
        case TQ_NEON_DOTPROD: return tq::neon_dotprod_kernels();
#endif
        default: return nullptr;
    }
}

const tq_kernels* tq_best_kernels(void) {
    static const tq_kernels* const best = [] {
        for (int isa = TQ_ISA_COUNT - 1; isa > TQ_SCALAR; isa--) {
            if (const tq_kernels* kernels = tq_kernels_of(static_cast<tq_isa>(isa)); kernels != nullptr) return kernels;
        }
        return tq_kernels_of(TQ_SCALAR);
    }();
    return best;
}

const char* tq_isa_name(tq_isa isa) {
    switch (isa) {
        case TQ_SCALAR: return "scalar";
        case TQ_AVX2: return "avx2";
        case TQ_AVX512_VNNI: return "avx512-vnni";
        case TQ_NEON_DOTPROD: return "neon-dotprod";
        default: return "unknown";
    }
}

}  // extern "C"
