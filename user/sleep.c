/* sleep.c: waits for a number of seconds. */
#include "user.h"

int main(int argc, char *argv[]) {
    if (argc != 2) {
        fail("use: sleep SECONDS\n");
    }
    for (uint64_t n_seconds = argument(argc, argv, 1, 0); n_seconds > 0; n_seconds--) {
        sleep_ms(1000);
    }
    return 0;
}
