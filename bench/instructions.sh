#!/bin/sh
# Instructions for one alloc and one free, counted by callgrind, so nearly the same in every run: short fixed loops, memory
# of 64 MiB, one CPU. The harness is measured by the contestant "empty" and taken off.
set -eu
[ $# -eq 1 ] || { echo "usage: instructions.sh PROGRAM" >&2; exit 2; }
pairs=$1
command -v valgrind >/dev/null || { echo "bench-instructions: needs valgrind, which is not here (make setup)"; exit 0; }

# counted FUNCTION ARGUMENT...: instructions inside FUNCTION
counted() {
    function=$1
    shift
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$function" "$pairs" "$@" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

n=16384
printf '%-24s%10s%10s\n' "instructions for a pair" padded quire
for work in "same frame" bulk random bursts; do
    empty=$(counted measured_part empty "$work" $n 64)
    padded=$(counted measured_part padded "$work" $n 64)
    quire=$(counted measured_part quire "$work" $n 64)
    echo "$work,$empty,$padded,$quire,$n" |
        awk -F, '{ printf "%-24s%10.1f%10.1f\n", $1, ($3 - $2) / $5, ($4 - $2) / $5 }'
done
for mib in 64 1024 16384; do
    printf '%-34s%10s\n' "quire_init, $mib MiB" "$(counted quire_init init $mib)"
done
