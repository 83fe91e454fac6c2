/* pvh.S: the note by which QEMU's -kernel and Xen know a kernel that starts by PVH: an ELF note named Xen, of type 18, says
 * where to enter in 32 bits (Xen's public headers: elfnote.h). ebx points to struct hvm_start_info there. */
    .section .note.boot, "a", @note
    .balign 4
    .long   4, 8, 18                    /* bytes of the name, bytes of the value, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .quad   _start
