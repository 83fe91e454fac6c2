#!/bin/sh
# grub.sh: writes a CD from which GRUB boots the kernel, by Multiboot 2.
#
#     kernel/arch/x86_64/grub.sh KERNEL INITRAMFS IMAGE WORDS
set -eu
kernel=$1 initramfs=$2 image=$3 words=$4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/boot/grub"
cp "$kernel" "$folder/boot/kernel"
cp "$initramfs" "$folder/boot/initramfs"
cat >"$folder/boot/grub/grub.cfg" <<END
multiboot2 /boot/kernel $words
module2 /boot/initramfs
boot
END
grub-mkrescue -d /usr/lib/grub/i386-pc --fonts= --locales= --themes= --install-modules="multiboot2 normal" \
    -o "$image" "$folder" 2>"$image.log" || { cat "$image.log" >&2 && exit 2; }
