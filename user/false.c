/* false.c: ends with status 1. */
#include "user.h"

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    return 1;
}
