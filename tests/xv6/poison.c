/* poison.c: the kernel with a list for each CPU, when free pages are filled with poison that kalloc verifies. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
/* clang-format on */
#include "common.h"
#include "kernel.h"
#include <stdio.h>

const char *const double_free_words = "double free";
const char *const never_allocated_words = "free of a frame never allocated";

static void take_them(void *unused) {
    (void)unused;
    take_all();
}

static void write_after_free(void) {
    char words[128];
    boot();
    char *page = kalloc();
    kfree(page);
    page[PAGE / 2] ^= 1;
    snprintf(words, sizeof words, "panic: kalloc: page %p: free frame was written", (void *)page);
    expect_stop(take_them, NULL, words);
}

const struct scenario scenarios[] = {
    {"write_after_free", write_after_free, "instead of \"panic: kalloc"},
    {0},
};
