# qemu.sh: the part of kernel/run.sh that knows QEMU's RISC-V machine. In the environment, FIRMWARE names another
# firmware than QEMU's own, OpenSBI, which knows at most 128 harts.
# shellcheck shell=sh disable=SC2154 # run.sh has set what is used here
firmware=${FIRMWARE:-default}

[ "$harts" -le 512 ] || refuse "HARTS=$harts: QEMU has at most 512"
[ "$harts" -le 128 ] || [ "$firmware" != default ] || refuse "HARTS=$harts: QEMU's firmware knows at most 128"
[ "$mib" -ge 6 ] || refuse "MEM=$mem: firmware, kernel and programs need at least 6M"
[ "$mib" -ne 8 ] || refuse "MEM=$mem: of all sizes in this one QEMU puts the device tree into the initramfs"
[ "$mib" -le $((16 * 1024 * 1024)) ] || refuse "MEM=$mem: QEMU has at most 16T"

start qemu-system-riscv64 -machine virt -bios "$firmware"
