# qemu.sh: the part of kernel/run.sh that knows QEMU's Arm machine. That takes a kernel with a device tree only as an Image,
# which is what the kernel's file is without its ELF headers; it lies beside that file.
# shellcheck shell=sh disable=SC2154 # run.sh has set what is used here
[ "$harts" -le 512 ] || refuse "HARTS=$harts: QEMU has at most 512"
[ "$mib" -ge 6 ] || refuse "MEM=$mem: kernel and programs need at least 6M"
[ "$mib" -le $((16 * 1024 * 1024)) ] || refuse "MEM=$mem: QEMU has at most 16T"

image=$kernel.image
if ! [ "$image" -nt "$kernel" ]; then
    llvm-objcopy -O binary "$kernel" "$image.$$" || refuse "there is no kernel $kernel"
    mv -f "$image.$$" "$image"
fi
kernel=$image

start qemu-system-aarch64 -machine virt,gic-version=3 -cpu max -semihosting-config enable=on
