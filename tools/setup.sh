#!/bin/bash
# Installs what is missing to run, test or measure Quire, on Debian and Ubuntu. Elsewhere it says what to install.
#
#   tools/setup.sh run|test|bench
#
# Exit status: 0 all is there now, 2 what is missing can not be installed from here, else the status of apt-get.
#
# SETUP_ROOT, empty but in the test of this script, goes in front of the files that are looked for.
set -u
root=${SETUP_ROOT:-}

# What is looked for, a command or a file | the package, "a or b" where releases differ | who needs it | what for.
# GCC and CLANG in a package's name stand for the compiler's major version; test/x86_64 are tests on such a machine only.
needs() {
    cat <<END
make                 | make                                  | run test bench | builds everything
clang                | clang                                 | run test bench | compiles the kernel and the tests
ld.lld               | lld                                   | run test bench | links the kernel
llvm-objcopy         | llvm                                  | run test bench | makes and inspects kernel files
cpio                 | cpio                                  | run test bench | packs the kernel's file system
qemu-system-riscv64  | qemu-system-riscv or qemu-system-misc | run test bench | runs the kernel
qemu-system-aarch64  | qemu-system-arm                       | run test bench | runs the kernel, as one for Arm
qemu-system-i386     | qemu-system-x86                       | run test bench | runs the kernel, and the xv6 files, on a PC
$opensbi             | opensbi                               | run test bench | the firmware that starts the kernel
gcc                  | gcc                                   | test bench     | compiles host programs
/usr/include/stdio.h | libc6-dev                             | test bench     | headers for host programs
/usr/include/lzma.h  | liblzma-dev                           | test bench     | reads recorded traces
/usr/include/zstd.h  | libzstd-dev                           | test bench     | reads recorded traces
/usr/share/ovmf/OVMF.fd | ovmf                               | test           | firmware for the example with UEFI
grub-mkrescue        | grub-common                           | test/x86_64    | makes the disk of the example with GRUB
/usr/lib/grub/i386-pc/multiboot2.mod | grub-pc-bin           | test/x86_64    | GRUB itself
xorriso              | xorriso                               | test/x86_64    | writes that disk
mformat              | mtools                                | test/x86_64    | makes a file system on it
/usr/bin/rustc       | rustc                                 | test/x86_64    | compiles the example in Rust
/usr/include/cmocka.h | libcmocka-dev                        | test           | the framework of the host tests
/usr/include/libfdt.h | libfdt-dev                           | test           | a second opinion on device trees
dtc                  | device-tree-compiler                  | test           | makes device trees to test with
g++                  | g++                                   | test           | includes the headers from C++
/usr/lib32/crt1.o    | libc6-dev-i386                        | test/x86_64    | tests as 32-bit programs
$(libgcc_32)         | lib32gcc-GCC-dev                      | test/x86_64    | tests as 32-bit programs
$(asan)              | libclang-rt-CLANG-dev or libclang-common-CLANG-dev | test | clang's sanitizers
clang-format         | clang-format                          | test           | checks the layout of the code
clang-tidy           | clang-tidy                            | test           | looks for common mistakes in the code
cppcheck             | cppcheck                              | test           | looks for others
riscv64-unknown-elf-gcc | gcc-riscv64-unknown-elf            | test           | a second compiler for RISC-V
aarch64-linux-gnu-gcc | gcc-aarch64-linux-gnu                | test           | a second compiler for Arm
qemu-riscv64         | qemu-user                             | test           | runs tests as programs for other processors
/usr/aarch64-linux-gnu/include/stdio.h | libc6-dev-arm64-cross | test/x86_64  | tests as programs for Arm
/usr/riscv64-linux-gnu/include/stdio.h | libc6-dev-riscv64-cross | test       | tests as programs for RISC-V
/usr/s390x-linux-gnu/include/stdio.h | libc6-dev-s390x-cross | test           | tests with the big end first
s390x-linux-gnu-ld   | binutils-s390x-linux-gnu              | test           | links them
cmake                | cmake                                 | test           | builds programs that use Quire by CMake
meson                | meson                                 | test           | builds programs that use Quire by Meson
pkg-config           | pkgconf or pkg-config                 | test           | finds an installed Quire
gcovr                | gcovr                                 | test           | shows what the tests run
python3              | python3                               | test bench     | the test runner, the checks, the kernel's counts
valgrind             | valgrind                              | bench          | counts instructions
gnuplot              | gnuplot-nox                           | bench          | draws the results
/usr/include/dpdk/rte_mempool.h | libdpdk-dev                | bench          | its rte_mempool to compare with
$lib/libmimalloc.so.2 | libmimalloc2.0                       | bench          | to compare with
$lib/libjemalloc.so.2 | libjemalloc2                         | bench          | to compare with
$lib/libtcmalloc_minimal.so.4 | libtcmalloc-minimal4t64 or libtcmalloc-minimal4 | bench | to compare with
END
}

machine=$(uname -m)
lib=/usr/lib/$machine-linux-gnu
opensbi=/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin

# Files whose place depends on a compiler; where that is missing, so are they.
libgcc_32() {
    echo "/usr/lib/gcc/x86_64-linux-gnu/$(major gcc)/32/libgcc.a"
}
asan() {
    echo "$(clang -print-resource-dir 2>/dev/null)/lib/linux/libclang_rt.asan-$machine.a"
}

# The major version of compiler $1; where it is not installed, the one that apt-get would install.
major() {
    local version
    version=$("$1" -dumpversion 2>/dev/null) ||
        version=$(apt-cache depends "$1" 2>/dev/null | sed -n "s/.*Depends: $1-\([0-9]\)/\1/p" | head -n 1)
    echo "${version%%.*}"
}

# One line "package | what for" for each need of set $1 that is not met.
missing() {
    local probe package sets why
    while IFS='|' read -r probe package sets why; do
        read -r probe <<<"$probe" # without the spaces around it
        if [[ " $sets " != *" $1 "* && " $sets " != *" $1/$machine "* ]]; then
            continue
        elif [[ $probe == /* ]]; then
            [[ -e $root$probe ]] && continue
        elif command -v "$probe" >/dev/null; then
            continue
        fi
        read -r package <<<"$package"
        echo "$package |$why"
    done < <(needs)
}

# The first of "a or b" that this release has; a where it has neither, so that apt-get complains about it by name.
choose() {
    local names=$1 name
    names=${names//GCC/$(major gcc)}
    names=${names//CLANG/$(major clang)}
    for name in ${names// or / }; do
        apt-cache show "$name" >/dev/null 2>&1 && break
        name=${names%% *}
    done
    echo "$name"
}

stop() {
    echo "setup: $1" >&2
    exit "${2:-2}"
}

# On a new machine the system may be updating itself just now: wait for it.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" ||
        stop "'apt-get $*' failed, see above" $?
}

case ${1:-} in
run | test | bench) ;;
*) stop "say what to set up for: tools/setup.sh run, test or bench" ;;
esac

wanted=$(missing "$1")
[[ -n $wanted ]] || exit 0

echo "setup: these Debian packages are missing:"
sed 's/GCC\|CLANG/N/g; s/^/    /; s/ | /: /' <<<"$wanted"
command -v apt-get >/dev/null ||
    stop "this is neither Debian nor Ubuntu: install the like of them, then say 'make $1 SETUP=' to skip this look"

as_root=()
if [[ $(id -u) != 0 ]]; then
    as_root=(sudo)
    command -v sudo >/dev/null || stop "there is no sudo: install them as root, then say 'make $1' again"
fi

apt update # on a new machine there is no list to choose from yet
packages=()
while IFS='|' read -r package why; do
    packages+=("$(choose "${package% }")")
done <<<"$wanted"
echo "setup: installing ${packages[*]}"
apt install -y --no-install-recommends "${packages[@]}"

left=$(missing "$1")
[[ -z $left ]] || stop "installed, and yet not found: ${left//$'\n'/; }"
