/* broken.h: a contestant that can be told to make a mistake. */
#ifndef BROKEN_H
#define BROKEN_H

#include "peer.h"

enum mistake {
    NO_MISTAKE,
    ONE_FRAME_TWICE, /* hands out one of its frames to two users */
    BEYOND_MEMORY,   /* hands out the frame behind the last */
    BETWEEN_FRAMES,  /* hands out an address inside a frame */
    LOSES_FRAMES,    /* forgets each 100th that comes back */
    KEEPS_TOO_MUCH,  /* never hands out the last 2 % */
    NEVER_NONE,      /* begins anew when there is nothing left */
    WRITES_TO_HELD,  /* writes to a frame while its user has it */
    RUN_NOT_ALIGNED, /* hands out two frames that are not aligned to two frames */
    RUN_OVERLAPS,    /* hands out a run, and its second half once more */
    MISTAKES
};
extern enum mistake mistake;
extern const struct peer peer_broken;

#endif
