#!/bin/sh
# Instructions for one alloc and one free, counted by callgrind, so nearly the same in every run and on every machine: one
# CPU, 64 MiB, a few workloads (pairs.c). One process for each contestant; each call of measured_part() becomes one dump.
# Prints "contestant,workload,instructions", the harness included. Who does not run under valgrind is left out.
set -eu
[ $# -eq 1 ] || { echo "usage: instructions.sh PROGRAM" >&2; exit 2; }
program=$1
command -v valgrind >/dev/null || { echo "bench: instructions are not counted: there is no valgrind" >&2; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for peer in $("$program" --list); do
    echo "bench: counting instructions of $peer" >&2
    rm -f "$dir"/*
    if timeout 120 valgrind --tool=callgrind --combine-dumps=yes --callgrind-out-file="$dir/dumps" \
        --collect-atstart=no --toggle-collect=measured_part --dump-after=measured_part \
        "$program" "$peer" >"$dir/pairs" 2>"$dir/messages"; then
        sed -n 's/^summary: //p' "$dir/dumps" | paste -d, "$dir/pairs" - |
            awk -F, -v peer="$peer" 'NF == 3 && $2 > 0 { printf "%s,%s,%.2f\n", peer, $1, $3 / $2 }'
    else
        echo "bench: $peer does not run under valgrind" >&2
    fi
done
