#!/bin/sh
# What `make bench` does: counts instructions, measures, draws. What it leaves lies in OUT (docs/benchmarks.md says what).
set -eu
[ $# -eq 4 ] || { echo "usage: run.sh PROGRAMS OUT QUICK WORK" >&2; exit 2; }
programs=$1 out=$2 quick=$3 work=$4
mkdir -p "$out"

# The heaps keep what they were given: page faults are not what is compared here.
keep=glibc.malloc.trim_threshold=4000000000:glibc.malloc.mmap_threshold=4000000000:glibc.malloc.top_pad=268435456
export GLIBC_TUNABLES="${GLIBC_TUNABLES:+$GLIBC_TUNABLES:}$keep"
export MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1 # jemalloc's
export MIMALLOC_PAGE_RESET=0 MIMALLOC_ALLOW_DECOMMIT=0 MIMALLOC_PURGE_DELAY=-1 # which one it knows depends on its age
export TCMALLOC_RELEASE_RATE=0

set -- --out "$out"
if [ -n "$work" ]; then
    set -- "$@" --work "$work"
elif [ -z "$quick" ]; then
    bench/instructions.sh "$programs/quire-pairs" >"$out/instructions.csv"
    set -- "$@" --instructions "$out/instructions.csv"
fi
if [ -z "$work" ] && [ -s bench/out/kernel.csv ]; then # what make bench-kernel left: Quire's start, and the fastest other's
    set -- "$@" --boot "$(awk -F, '$2 == "none" && $3 == "128M" && $4 == "ready" {
            if ($1 == "quire") quire = $5; else if ($1 !~ /^quire/ && (seed == "" || $5 < seed)) seed = $5
        } END { print quire "," seed }' bench/out/kernel.csv)"
fi
if [ -n "$quick" ]; then
    set -- "$@" --quick
fi
"$programs/quire-bench" "$@" >"$out/report.txt"
cat "$out/report.txt"
if [ -z "$work" ]; then
    bench/picture.sh "$out"
fi
