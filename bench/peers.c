/* peers.c: who takes part. */
#include "peer.h"

const struct peer *const peers[N_PEERS] = {
    &peer_sham,          &peer_told,        &peer_floor,   &peer_single,       &peer_single_junk, &peer_percpu_packed,
    &peer_percpu_padded, &peer_percpu_junk, &peer_counted, &peer_counted_junk, &peer_quire,       &peer_quire_junk,
};
