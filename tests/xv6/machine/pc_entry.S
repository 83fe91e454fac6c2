# pc_entry.S: a Multiboot loader (The Multiboot Specification 0.6.96, section 3.1) starts here in protected mode without
# paging. Maps the first 4 MiB where they are and at 0x80000000, as xv6's entry.S does, with one large page each (Intel
# SDM volume 3, section 4.3).
.set KERNBASE, 0x80000000
.set FLAGS, 0

.section .text.entry
    .align 4
    .long 0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)

.globl entry
entry:
    mov     %cr4, %eax
    or      $0x10, %eax             # large pages
    mov     %eax, %cr4
    mov     $(first_directory - KERNBASE), %eax
    mov     %eax, %cr3
    mov     %cr0, %eax
    or      $0x80010000, %eax       # paging, write protection
    mov     %eax, %cr0
    mov     $(stack + 4096), %esp
    mov     $main, %eax
    call    *%eax

.section .data
    .align 4096
first_directory:
    .long 0x83                      # present, writable, large
    .fill 511, 4, 0
    .long 0x83
    .fill 511, 4, 0
