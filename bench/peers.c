/* peers.c: who takes part. peer_list.h, made by bench.mk, has a line PEER(name) for each. */
#include "peer.h"

#define PEER(name) extern const struct peer peer_##name;
#include "peer_list.h"
#undef PEER

#define PEER(name) &peer_##name,
const struct peer *const peers[] = {
#include "peer_list.h"
};

const unsigned n_peers = sizeof peers / sizeof peers[0];
