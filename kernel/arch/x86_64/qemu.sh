# qemu.sh: the part of kernel/run.sh that knows QEMU's PC. The kernel switches it off when all is well, and else writes its
# status s to a device, with which QEMU exits with 2s + 1.
#
# In the environment, LOADER says who loads the kernel: pvh, QEMU itself, where it is not said; grub, from a CD that is
# written to IMAGE, beside the kernel where that is not said; uefi, from a folder there, by
# the program FIRMWARE, BOOTX64.EFI beside the kernel where that is not said.
# shellcheck shell=sh disable=SC2154,SC2034 # run.sh has set what is used here, and uses what is set here
[ "$harts" -le 255 ] || refuse "HARTS=$harts: QEMU's PC has at most 255"
[ "$mib" -ge 8 ] || refuse "MEM=$mem: firmware, kernel and programs need at least 8M"
[ "$mib" -le $((970 * 1024)) ] || refuse "MEM=$mem: QEMU's PC has at most 970G"

loader=${LOADER:-pvh}
image=${IMAGE:-$(dirname "$kernel")/$loader.image}
ovmf=/usr/share/ovmf/OVMF.fd
case $loader in
pvh) set -- ;;
grub)
    command -v grub-mkrescue >/dev/null || refuse "grub-mkrescue is not there; make setup installs it"
    kernel/arch/x86_64/grub.sh "$kernel" "$initramfs" "$image" "$words"
    from_disk=yes
    set -- -cdrom "$image"
    ;;
uefi)
    [ -f "$ovmf" ] || refuse "$ovmf is not there; make setup installs it"
    mkdir -p "$image/EFI/BOOT"
    cp "${FIRMWARE:-$(dirname "$kernel")/BOOTX64.EFI}" "$image/EFI/BOOT"
    cp "$kernel" "$image/kernel"
    cp "$initramfs" "$image/initramfs"
    printf %s "$words" >"$image/words"
    from_disk=yes
    set -- -bios "$ovmf" -drive "format=raw,file=fat:rw:$image"
    ;;
*) refuse "LOADER=$loader: it is one of pvh, grub and uefi, please" ;;
esac

# graphics: where there are none, the BIOS writes to the serial line.
start qemu-system-x86_64 -machine q35,graphics=on -vga none -nic none -cpu max \
    -device isa-debug-exit,iobase=0xf4,iosize=0x04 "$@"
