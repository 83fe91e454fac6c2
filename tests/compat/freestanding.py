#!/usr/bin/env python3
"""compat/pmm and compat/unikraft compile for each machine of tools/targets.py, and need nothing but Quire, what it needs, and what
their headers say."""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap
import targets

# source: (what it may need beside the allocator, what it defines)
SOURCES = {
    "compat/pmm/pmm.c": ({"paddr_to_kvaddr", "vaddr_to_paddr"}, ("pmm_", "vm_page_to_paddr", "paddr_to_vm_page")),
    "compat/unikraft/allocquire.c": ({"errno", "uk_alloc_register"}, ("uk_allocquire_init",)),
}
USUAL = ("quire_", "memset", "memcpy", "__aeabi_mem", ".TOC.")  # the last: every linker for ppc64 makes it


def names(compiled, which):
    return set(targets.run(["llvm-nm", "--extern-only", "--format=just-symbols", which, compiled]).split())


def look(job):
    machine, compiler, source = job
    may_need, defines = SOURCES[source]
    with tempfile.TemporaryDirectory() as folder:
        compiled = os.path.join(folder, "x.o")
        command = targets.compilers(machine)[compiler]
        try:
            targets.run([*command, *targets.FLAGS, "-O2", "-Iinclude", "-Itests/compat", "-c", source, "-o", compiled])
        except FileNotFoundError:
            return None
        except subprocess.CalledProcessError as error:
            return [error.stdout]
        return [f"needs {name}" for name in names(compiled, "--undefined-only") - may_need if not name.startswith(USUAL)] + \
            [f"defines {name}" for name in names(compiled, "--defined-only") if not name.startswith(defines)]


jobs = [(machine, compiler, source) for machine in targets.MACHINES for compiler in targets.compilers(machine) for source in SOURCES]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for job, problems in zip(jobs, pool.map(look, jobs)):
        if problems is None:
            tap.skip(", ".join(job), "that compiler is not here")
        else:
            tap.result(", ".join(job), problems)
tap.end()
