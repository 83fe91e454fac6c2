/* start.S: the firmware enters here with the device tree in a1, in S-mode, with paging off and the other harts stopped. */
    .section .text.start, "ax"
    .globl _start
_start:
    lla     sp, stack_end
    lla     t0, bss_begin
    lla     t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    mv      a0, a1
    call    start
