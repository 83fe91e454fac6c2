/* kalloc-poison.c: kalloc-percpu.c as it is with another content policy. */
#define XV6_CONTENT QUIRE_CONTENT_POISON
#include "../../compat/xv6/kalloc-percpu.c"
