// What every function of the library that can be misused returns. No exception crosses its border.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tq_status {
    TQ_OK = 0,
    TQ_WRONG_LENGTH,    // a buffer does not have the length that its shape asks for
    TQ_WRONG_HEAD_DIM,  // not a size that the rotation or the block can have
    TQ_WRONG_BITS,      // outside 1..6
    TQ_NOT_FINITE,      // NaN or infinity in the input
    TQ_UNKNOWN_FORMAT,
    TQ_OUT_OF_MEMORY,
} tq_status;

#ifdef __cplusplus
}
#endif
