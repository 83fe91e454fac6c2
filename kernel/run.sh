#!/bin/sh
# Boots the reference kernel in QEMU, on this terminal. Called by `make run`, `make demo` and the tests:
#
#     kernel/run.sh ARCH HARTS MEM KERNEL INITRAMFS [WORD...]
#
# ARCH is a folder of kernel/arch, whose qemu.sh knows the machine. The words are the kernel's command line
# (kernel/include/options.h). The exit status says the kernel's verdict: 0 is good. Where INITRAMFS is "", QEMU loads none.
# In the environment, QEMU_OPTIONS has more options for QEMU, separated by blanks.
set -eu

refuse() {
    echo "run: $1" >&2
    exit 2
}

# Becomes QEMU: its name, and the options that only this machine has.
start() {
    qemu=$1
    shift
    command -v "$qemu" >/dev/null || refuse "$qemu is not there; make setup installs it"
    case ${QEMU_OPTIONS:-} in
    *memdev=*) ;; # they say where the memory comes from
    *) set -- "$@" -object "memory-backend-ram,id=ram,size=$mem,reserve=off" -machine memory-backend=ram ;;
    esac
    [ -n "$from_disk" ] || set -- "$@" -kernel "$kernel" ${initramfs:+-initrd "$initramfs"} -append "$words"
    [ -n "$words" ] || echo "Ctrl-D ends the shell; Ctrl-A, then X, ends QEMU."
    # shellcheck disable=SC2086 # the options are words
    exec "$qemu" -nographic -no-reboot "$@" -smp "$harts" -m "$mem" ${QEMU_OPTIONS:-}
}

arch=$1 harts=$2 mem=$3 kernel=$4 initramfs=$5
shift 5
words=$* from_disk=

machine=kernel/arch/$arch/qemu.sh
[ -f "$machine" ] || refuse "ARCH=$arch: it is one of $(cd kernel/arch && echo */ | tr -d /), please"
case $harts in
'' | 0* | *[!0-9]* | ????*) refuse "HARTS=$harts: a number from 1 to 512, please" ;;
esac
case $mem in
*[MGT]) number=${mem%?} ;;
*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
case $number in
'' | 0* | *[!0-9]* | ????????*) refuse "MEM=$mem: a size with its unit, please, like 256M or 4G" ;;
esac
# shellcheck disable=SC2034 # for the machine
case $mem in
*M) mib=$number ;;
*G) mib=$((number * 1024)) ;;
*T) mib=$((number * 1024 * 1024)) ;;
esac

# shellcheck source=/dev/null
. "./$machine"
