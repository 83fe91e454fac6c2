# qemu.sh: the part of kernel/run.sh that knows QEMU's PC. The kernel switches it off when all is well, and else writes its
# status s to a device, with which QEMU exits with 2s + 1.
#
# In the environment, LOADER says who loads the kernel: pvh, QEMU itself, where it is not said; grub, from a CD that is
# written to IMAGE, beside the kernel where that is not said.
# shellcheck shell=sh disable=SC2154,SC2034 # run.sh has set what is used here, and uses what is set here
[ "$harts" -le 255 ] || refuse "HARTS=$harts: QEMU's PC has at most 255"
[ "$mib" -ge 8 ] || refuse "MEM=$mem: firmware, kernel and programs need at least 8M"
[ "$mib" -le $((970 * 1024)) ] || refuse "MEM=$mem: QEMU's PC has at most 970G"

loader=${LOADER:-pvh}
image=${IMAGE:-$(dirname "$kernel")/$loader.iso}
case $loader in
pvh) set -- ;;
grub)
    kernel/arch/x86_64/grub.sh "$kernel" "$initramfs" "$image" "$words"
    from_disk=yes
    set -- -cdrom "$image"
    ;;
*) refuse "LOADER=$loader: it is one of pvh and grub, please" ;;
esac

# graphics: where there are none, the BIOS writes to the serial line.
start qemu-system-x86_64 -machine q35,graphics=on -vga none -nic none -cpu max \
    -device isa-debug-exit,iobase=0xf4,iosize=0x04 "$@"
