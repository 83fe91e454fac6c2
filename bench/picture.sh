#!/bin/sh
# Draws OUT/bench.svg and .png from what `make bench` left in OUT: a panel for each workload, a pair of bars for each
# contestant. Those that fill frames, and the yardsticks, are left out.
set -eu
[ $# -eq 1 ] || { echo "usage: picture.sh OUT" >&2; exit 2; }
out=$1
for needed in medians.csv figures.csv machine.txt; do
    [ -s "$out/$needed" ] || { echo "picture.sh: no $out/$needed: run 'make bench' first" >&2; exit 2; }
done
command -v gnuplot >/dev/null || { echo "bench: no picture: there is no gnuplot" >&2; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

most=$(awk -F, 'NR > 1 && $2 > n { n = $2 } END { print n }' "$out/medians.csv")

# panel FILE WORKLOAD: lines "contestant ns-on-1-thread ns-on-most-threads", "-" where there is none
panel() {
    awk -F, -v work="$2" '
        function shown(ns) { return ns == "" ? "-" : ns < 0.5 ? 0.5 : ns } # the scale is logarithmic
        $1 == work && $3 == 0 && $4 !~ /^(empty|told)$|junk/ {
            if (!($4 in seen)) { seen[$4] = 1; names[++n] = $4 }
            ns[$4, $2] = $6
            if ($2 + 0 > most + 0) most = $2 # an even number, where frames are passed on
        }
        END { for (i = 1; i <= n; i++) {
            one = shown(ns[names[i], 1]); all = shown(ns[names[i], most])
            if (one != "-" || all != "-") print names[i], one, all
        } }' "$out/medians.csv" >"$dir/$1"
}
panel 1 "same frame"
panel 2 "bulk"
panel 3 "random"
panel 4 "bursts 64"
panel 5 "queue 512"
panel 6 "passed long"
panel 7 "2MiB pairs"
panel 8 "mixed orders"
awk -F, 'NR > 1 && $2 != "" && $1 != "told" { print $1, "-", $2 + 0 }' "$out/figures.csv" >"$dir/9"

for kind in svg png; do
    gnuplot -e "kind = '$kind'; file = '$out/bench.$kind'; dir = '$dir'; threads = '$most'" \
        -e "machine = '$(sed "s/'//g" "$out/machine.txt")'" bench/picture.gp
done
