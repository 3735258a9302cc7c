// The inner loops of the NEON kernels as functions of their own, so that their instructions can be found by name: eight heads on one KV head.
#include "../../native/turboquant/src/arch/arm/kernels_neon_dotprod.cpp"

#define TQ_LOOPS(bits)                                                                                                          \
    extern "C" void scores_tq##bits(const uint8_t* block, size_t stride, const tq_query* query, int32_t (*sums)[8]) {           \
        tq::NeonDotprod<bits>::dot_block<8, 2>(block, stride, 256, query, 0, 0, sums);                                          \
    }                                                                                                                           \
    extern "C" void accumulate_tq##bits(const uint8_t* blocks, size_t stride, int group, const tq::WeightTile* w, float* out) { \
        tq::NeonDotprod<bits>::add_group(blocks, 256, stride, TQ_TILE, group, w, 8, out, 512);                                  \
    }

TQ_LOOPS(3)
TQ_LOOPS(4)
TQ_LOOPS(5)
TQ_LOOPS(6)
