/* kill.c: ends the processes with the given numbers. */
#include "user.h"

int main(int argc, char *argv[]) {
    if (argc == 1) {
        fail("use: kill PID...\n");
    }
    for (int i = 1; i < argc; i++) {
        int result = kill((int)argument(argc, argv, i, 0));
        if (result < 0) {
            fail("kill: %s: %s\n", argv[i], error_text(result));
        }
    }
    return 0;
}
