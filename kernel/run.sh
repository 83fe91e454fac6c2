#!/bin/sh
# Boots the reference kernel in QEMU, on this terminal. Called by `make run`, `make demo` and the tests:
#
#     kernel/run.sh ARCH HARTS MEM KERNEL INITRAMFS [WORD...]
#
# The words are the kernel's command line (kernel/include/options.h). The exit status is the kernel's verdict: 0 is good.
set -eu

refuse() {
    echo "run: $1" >&2
    exit 2
}

arch=$1 harts=$2 mem=$3 kernel=$4 initramfs=$5
shift 5

[ "$arch" = riscv64 ] || refuse "ARCH=$arch: the only architecture so far is riscv64"
case $harts in
'' | 0* | *[!0-9]* | ???*) refuse "HARTS=$harts: a number from 1 to 64, please" ;;
esac
[ "$harts" -le 64 ] || refuse "HARTS=$harts: the kernel uses at most 64"
case $mem in
*[KMG]) number=${mem%?} ;;
*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
case $number in
'' | 0* | *[!0-9]* | ????????*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
case $mem in
*K) kib=$number ;;
*M) kib=$((number * 1024)) ;;
*G) kib=$((number * 1024 * 1024)) ;;
esac
[ "$kib" -ge $((16 * 1024)) ] || refuse "MEM=$mem: firmware, kernel and programs need at least 16M"
[ "$kib" -le $((240 * 1024 * 1024)) ] || refuse "MEM=$mem: the kernel maps at most 240G"
command -v qemu-system-riscv64 >/dev/null || refuse "qemu-system-riscv64 is not there; make setup installs it"

[ $# -gt 0 ] || echo "Ctrl-D ends the shell; Ctrl-A, then X, ends QEMU."
exec qemu-system-riscv64 -machine virt -bios default -nographic -no-reboot -smp "$harts" -m "$mem" \
    -kernel "$kernel" -initrd "$initramfs" -append "$*"
