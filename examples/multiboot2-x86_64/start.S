/* start.S: the header by which loaders know a Multiboot 2 kernel (Multiboot2 Specification 2.0, section 3.1). They enter at
 * _start, of common/pc/long_mode.S: in 32 bits, paging off, flat segments, their structure in ebx (section 3.3). */
#define MAGIC 0xE85250D6
#define I386  0                         /* the state at the entry, also of kernels that go on to 64 bits */

    .section .boot, "a"
    .balign 8
header:
    .long   MAGIC, I386, header_end - header, -(MAGIC + I386 + (header_end - header))
    .short  0, 0                        /* the tag that ends the list */
    .long   8
header_end:
