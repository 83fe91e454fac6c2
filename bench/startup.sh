#!/bin/sh
# Boots the reference kernel with 128 MiB and with 8 GiB and prints how many guest instructions the allocator took from
# its first call to "ready": "SMALL,LARGE". Counted by QEMU, so the same on every machine and in every run.
set -eu
[ $# -eq 2 ] || { echo "usage: startup.sh KERNEL INITRAMFS" >&2; exit 2; }
kernel=$1 initramfs=$2

instructions() {
    timeout 100 qemu-system-riscv64 -machine virt -smp 1 -m "$1" -icount shift=0,sleep=off -nographic -no-reboot \
        -kernel "$kernel" -initrd "$initramfs" -append "run=true count" </dev/null |
        tr -d '\r' | sed -n 's/.*quire: ready after \([0-9][0-9]*\) instructions.*/\1/p'
}

for needed in "$kernel" "$initramfs" "$(command -v qemu-system-riscv64 || echo qemu-system-riscv64)"; do
    [ -e "$needed" ] || { echo "startup.sh: no $needed; the kernel's start-up is not measured" >&2; exit 1; }
done
small=$(instructions 128M)
large=$(instructions 8G)
[ -n "$small" ] && [ -n "$large" ] || { echo "startup.sh: the kernel did not say when Quire was ready" >&2; exit 1; }
echo "$small,$large"
