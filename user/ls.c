/* ls.c: lists the files of the initramfs with their sizes in bytes. */
#include "user.h"

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    char name[ABI_NAME];
    long n_bytes;
    for (unsigned i = 0; (n_bytes = list(i, name)) >= 0; i++) {
        print("%8ld  %s\n", n_bytes, name);
    }
    return 0;
}
