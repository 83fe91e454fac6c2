#!/bin/sh
# Boots the reference kernel in QEMU, on this terminal. Called by `make run`, `make demo` and the tests:
#
#     kernel/run.sh ARCH HARTS MEM KERNEL INITRAMFS [WORD...]
#
# The words are the kernel's command line (kernel/include/options.h). The exit status is the kernel's verdict: 0 is good.
# Where INITRAMFS is "", QEMU loads none. In the environment, FIRMWARE names another firmware than QEMU's own, OpenSBI,
# which knows at most 128 harts; and QEMU_OPTIONS has more options for QEMU, separated by blanks.
set -eu

refuse() {
    echo "run: $1" >&2
    exit 2
}

arch=$1 harts=$2 mem=$3 kernel=$4 initramfs=$5 firmware=${FIRMWARE:-default}
shift 5

[ "$arch" = riscv64 ] || refuse "ARCH=$arch: the only architecture so far is riscv64"
case $harts in
'' | 0* | *[!0-9]* | ????*) refuse "HARTS=$harts: a number from 1 to 512, please" ;;
esac
[ "$harts" -le 512 ] || refuse "HARTS=$harts: QEMU has at most 512"
[ "$harts" -le 128 ] || [ "$firmware" != default ] || refuse "HARTS=$harts: QEMU's firmware knows at most 128"
case $mem in
*[MGT]) number=${mem%?} ;;
*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
case $number in
'' | 0* | *[!0-9]* | ????????*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
case $mem in
*M) mib=$number ;;
*G) mib=$((number * 1024)) ;;
*T) mib=$((number * 1024 * 1024)) ;;
esac
[ "$mib" -ge 6 ] || refuse "MEM=$mem: firmware, kernel and programs need at least 6M"
[ "$mib" -ne 8 ] || refuse "MEM=$mem: of all sizes in this one QEMU puts the device tree into the initramfs"
[ "$mib" -le $((16 * 1024 * 1024)) ] || refuse "MEM=$mem: QEMU has at most 16T"
command -v qemu-system-riscv64 >/dev/null || refuse "qemu-system-riscv64 is not there; make setup installs it"

[ $# -gt 0 ] || echo "Ctrl-D ends the shell; Ctrl-A, then X, ends QEMU."
# shellcheck disable=SC2086 # the options are words
exec qemu-system-riscv64 -machine virt,memory-backend=ram -object "memory-backend-ram,id=ram,size=$mem,reserve=off" \
    -bios "$firmware" -nographic -no-reboot -smp "$harts" -m "$mem" ${QEMU_OPTIONS:-} \
    -kernel "$kernel" ${initramfs:+-initrd "$initramfs"} -append "$*"
