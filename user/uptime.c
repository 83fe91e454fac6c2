/* uptime.c: says for how long the machine has been running. */
#include "user.h"

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    uint64_t ms = uptime_ms();
    print("up %lu.%03lu s\n", ms / 1000, ms % 1000);
    return 0;
}
