#!/usr/bin/env python3
"""An installed Quire serves programs and kernels, found by pkg-config and by CMake; so does one that is a folder of a CMake or
Meson project."""
import os
import pathlib
import re
import tempfile

import shared
import tap
from shared import CC, HERE, ROOT, check, done, refuses, run, works

RISCV = ["riscv64-unknown-elf-gcc", "-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]
LINK = ["-nostdlib", "-Wl,-e,start"]
BARE = ["-DCMAKE_SYSTEM_NAME=Generic", f"-DCMAKE_C_COMPILER={RISCV[0]}", f"-DCMAKE_C_FLAGS={' '.join(RISCV[1:])}",
        "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", "-DKERNEL=1"]


def install(folder, *variables):
    return run(["make", "-s", "install", "SETUP=", f"BUILD={BUILT}", f"DESTDIR={folder}", *variables])


def pkg_config(folder, prefix, *what):
    return run(["pkg-config", *what, "quire"], PKG_CONFIG_LIBDIR=f"{folder}{prefix}/lib/pkgconfig",
               PKG_CONFIG_SYSROOT_DIR=str(folder)).split()


def by_pkg_config(folder, prefix):
    program = folder / "hosted"
    run([CC, HERE / "hosted.c", *pkg_config(folder, prefix, "--cflags", "--libs"), "-o", program])
    found = pkg_config(folder, prefix, "--modversion")
    return works(program) + ([f"it says version {found}"] if found != [shared.VERSION] else [])


def kernel_by_pkg_config(folder, prefix):
    """As docs/porting.md has it: all of src and boot, compiled by the kernel's compiler."""
    sources = pathlib.Path(str(folder) + pkg_config(folder, prefix, "--variable=sources")[0].replace(str(folder), ""))
    run([*RISCV, "-std=c11", "-Os", "-ffreestanding", "-Wall", "-Wextra", "-Werror", f"-I{sources}/include", f"-I{sources}",
         *sources.glob("src/*.c"), *sources.glob("boot/*.c"), HERE / "kernel.c", *LINK, "-o", folder / "kernel.elf"])


def all_there(folder):
    """What kernels copy is all there, and nothing of an older one."""
    shared_files = INSTALLED / "share/quire"
    wanted = {path.relative_to(ROOT) for pattern in ("include/quire/*.h", "src/*.[ch]", "boot/*.[ch]", "port/template/*")
              for path in ROOT.glob(pattern)}
    missing = [path for path in wanted if not (shared_files / path).exists()]
    stale = shared_files / "src/stale.c"
    stale.write_text("#error an older version's\n")
    install(folder)
    return [f"{path} is missing" for path in missing] + ["src/stale.c is still there"] * stale.exists()


def cmake(folder, *options):
    folder.mkdir()
    run(["cmake", "-S", HERE / "cmake", "-B", folder, f"-DQUIRE_PORT={ROOT}/port/host", *options])
    run(["cmake", "--build", folder])


def programs(folder):
    return works(folder / "hosted") + works(folder / "flags", 16384)


def cmake_program(folder, *options):
    cmake(folder, *options)
    return programs(folder)


def cmake_version(folder, wanted, is_found):
    status, said = done(["cmake", "-S", HERE / "cmake", "-B", folder, f"-DQUIRE_PORT={ROOT}/port/host",
                         f"-DCMAKE_PREFIX_PATH={INSTALLED}", f"-DWANTED={wanted}"])
    return [] if (status == 0) == is_found and (is_found or f'version "{wanted}"' in said) else [said]


def meson(folder, *options):
    """A project as its user has it: Quire is in subprojects/quire."""
    (folder / "subprojects").mkdir(parents=True)
    (folder / "subprojects/quire").symlink_to(INSTALLED / "share/quire")
    for path in (HERE / "meson/meson.build", HERE / "hosted.c", HERE / "kernel.c", HERE / "works.h", ROOT / "port/host/host.c"):
        (folder / path.name).write_text(path.read_text().replace('"host.h"', '"port/host/host.h"'))
    run(["meson", "setup", *options, "built"], folder, CC=CC)
    run(["meson", "compile", "-C", "built"], folder)


def meson_program(folder):
    meson(folder)
    return programs(folder / "built")


def same_version():
    """The header decides."""
    said = {name: re.findall(pattern, pathlib.Path(name).read_text())
            for name, pattern in (("CMakeLists.txt", r"project\(quire VERSION (\S+)"), ("meson.build", r"version: '([\d.]+)', lic"))}
    return [f"{name} says {found}, and include/quire/quire.h {shared.VERSION}" for name, found in said.items()
            if found != [shared.VERSION]]


def tap_optional(name, function, *arguments):
    """A kernel's program, where its compiler is."""
    if done(["which", RISCV[0]])[0]:
        tap.skip(name, f"there is no {RISCV[0]}")
    else:
        check(name, function, *arguments)


check("CMakeLists.txt and meson.build say the version of the header", same_version)
with tempfile.TemporaryDirectory() as name:
    OUT = pathlib.Path(name)
    BUILT = OUT / "build"
    INSTALLED = OUT / "usual/usr/local"
    check("make install", lambda: install(OUT / "usual") and [])
    check("make install into another place", lambda: install(OUT / "other", "PREFIX=/opt/my quire/1") and [])
    check("it has all that kernels copy, and nothing of an older version", all_there, OUT / "usual")
    check("a program finds it by pkg-config", by_pkg_config, OUT / "usual", "/usr/local")
    tap_optional("a kernel finds its sources by pkg-config", kernel_by_pkg_config, OUT / "usual", "/usr/local")
    check("a program finds it by CMake, and its flags reach the core", cmake_program, OUT / "find", f"-DCMAKE_PREFIX_PATH={INSTALLED}")
    check("CMake finds it in another place", cmake_program, OUT / "find-other", f"-DCMAKE_PREFIX_PATH={OUT}/other/opt/my quire/1")
    tap_optional("a kernel finds it by CMake", cmake, OUT / "find-kernel", f"-DCMAKE_PREFIX_PATH={INSTALLED}", *BARE)
    major, minor, patch = map(int, shared.VERSION.split("."))
    for wanted, is_found in ((f"{major}.{minor}", True), (shared.VERSION, True), (f"{major}.{minor}.{patch + 1}", False),
                             (f"{major}.{minor + 1}", False), (f"{major + 1}", False)):
        check(f"CMake {'takes' if is_found else 'does not take'} it for version {wanted}", cmake_version, OUT / wanted, wanted, is_found)
    check("a program has it as a folder of its CMake project", cmake_program, OUT / "add", f"-DQUIRE={ROOT}")
    tap_optional("a kernel has it as a folder of its CMake project", cmake, OUT / "add-kernel", f"-DQUIRE={ROOT}", *BARE)
    check("a program has it as a subproject of its Meson project", meson_program, OUT / "meson")
    tap_optional("a kernel has it as a subproject of its Meson project", meson, OUT / "meson-kernel", "--cross-file",
                 HERE / "meson/riscv64.ini")
    check("quire-record starts", refuses, [INSTALLED / "bin/quire-record"], "--help")
    check("a place that is none is refused", refuses, ["make", "-s", "install", "SETUP=", f"BUILD={BUILT}", "PREFIX=here"],
          "PREFIX=/usr/local")
tap.end()
