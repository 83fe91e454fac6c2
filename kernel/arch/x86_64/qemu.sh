# qemu.sh: the part of kernel/run.sh that knows QEMU's PC. The kernel switches it off when all is well, and else writes its
# status s to a device, with which QEMU exits with 2s + 1.
# shellcheck shell=sh disable=SC2154 # run.sh has set what is used here
[ "$harts" -le 255 ] || refuse "HARTS=$harts: QEMU's PC has at most 255"
[ "$mib" -ge 8 ] || refuse "MEM=$mem: firmware, kernel and programs need at least 8M"
[ "$mib" -le $((970 * 1024)) ] || refuse "MEM=$mem: QEMU's PC has at most 970G"

# graphics: where there are none, the BIOS writes to the serial line.
start qemu-system-x86_64 -machine q35,graphics=on -vga none -nic none -cpu max \
    -device isa-debug-exit,iobase=0xf4,iosize=0x04
