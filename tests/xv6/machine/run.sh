#!/bin/sh
# Runs the kernels of tests/xv6/machine, which print TAP, on machines with more memory than xv6 counts on, and with
# less.
#
#   run.sh KERNEL...    *-virt.elf for RISC-V, *-pc.elf for x86
run() {
    qemu=$1
    shift
    if command -v "$qemu" >/dev/null; then
        timeout 120 "$qemu" -display none -serial stdio -monitor none -no-reboot "$@" </dev/null
    else
        echo "1..0 # SKIP no $qemu"
    fi
}

for kernel; do
    for mib in 24 256; do
        echo "# $kernel, $mib MiB"
        case $kernel in
        *-virt.elf)
            run qemu-system-riscv64 -machine virt -bios none -smp 4 -m "${mib}M" -kernel "$kernel" \
                -device loader,addr=0x80700000,data="$mib",data-len=4
            ;;
        *-pc.elf)
            run qemu-system-i386 -m "${mib}M" -kernel "$kernel" -device isa-debug-exit,iobase=0xf4 \
                -device loader,addr=0x300000,data="$mib",data-len=4
            ;;
        esac
    done
done
exit 0
