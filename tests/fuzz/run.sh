#!/bin/bash
# Runs the fuzz targets.
#
#   tests/fuzz/run.sh test FOLDER [TARGET...]     the corpus and a fixed number of runs from there, the same each time; TAP
#   tests/fuzz/run.sh SECONDS FOLDER [TARGET...]  each target for so long, with progress
#
# FOLDER has the programs. Inputs that reach something new are kept in FOLDER/found/TARGET; what broke a target is
# FOLDER/found/TARGET-crash-<hash>, or -timeout-, -oom-, -leak-. To put what is worth it into the corpus of the tree:
#
#   FOLDER/TARGET -set_cover_merge=1 tests/fuzz/corpus/TARGET FOLDER/found/TARGET
#
# Exit status: 0 all agreed, 1 a target broke, 2 it can not run.
set -u
export LC_ALL=C # the order of file names
cd "$(dirname "$0")/../.." || exit 2
mode=${1:-}
folder=${2:-}
targets=("${@:3}")

# How many runs a test has: some seconds for each target.
declare -A runs=([fdt]=60000 [regions]=30000 [api]=3000)
declare -A max_bytes=([fdt]=3072 [regions]=128 [api]=400)

fail() {
    echo "fuzz: $1" >&2
    exit 2
}

# Target $1, keeping finds in folder $2, with options. The corpus is listed, since the order in a folder may be any.
fuzz() {
    local target=$1 finds=$2 dictionary=tests/fuzz/$1.dict seeds=(tests/fuzz/corpus/$1/*)
    shift 2
    mkdir -p "$finds" "$folder/found"
    [[ -e $dictionary ]] && set -- "$@" "-dict=$dictionary"
    "$folder/$target" "-max_len=${max_bytes[$target]}" -len_control=0 -timeout=300 "-artifact_prefix=$folder/found/$target-" \
        "-seed_inputs=$(IFS=, && echo "${seeds[*]}")" "$@" "$finds" 2>&1
}

# What broke target $1, if it has left that in $2, its output.
replay() {
    local file
    file=$(sed -n 's/.*Test unit written to //p' <<<"$2" | tail -n 1)
    [[ -n $file ]] && echo "repeat with: $folder/$1 $file"
}

# use_cmp=0: mutations learn nothing from the operands of comparisons, because addresses, which differ each time, are among
# them.
run_test() {
    local target=$1 number=$2 new=$folder/new/$1 output verdict=ok
    rm -rf "$new"
    output=$(fuzz "$target" "$new" "-runs=${runs[$target]}" -seed=1 -use_cmp=0) || verdict="not ok"
    grep -q "^Done ${runs[$target]} runs" <<<"$output" || verdict="not ok"
    echo "$verdict $number - $target: ${runs[$target]} runs, each answer as expected"
    [[ $verdict == ok ]] && return
    tail -n 40 <<<"$output" | sed 's/^/# /'
    echo "# $(replay "$target" "$output")"
    return 1
}

run_long() {
    local target=$1
    echo "fuzz: $target for $mode s"
    fuzz "$target" "$folder/found/$target" "-max_total_time=$mode" | tee "$folder/$target.log" |
        grep --line-buffered -E '^fuzz:|^model: seed|(INITED|pulse|DONE) |^SUMMARY|runtime error'
    [[ ${PIPESTATUS[0]} == 0 ]] && return
    replay "$target" "$(<"$folder/$target.log")"
    return 1
}

[[ -n $folder ]] || fail "say what and where: tests/fuzz/run.sh test build/tests/fuzz fdt"
[[ $mode == test || $mode =~ ^[1-9][0-9]*$ ]] || fail "T=$mode: give a number of seconds, from 1"
for target in "${targets[@]}"; do
    [[ -n ${runs[$target]:-} ]] || fail "there is no target $target, but ${!runs[*]}"
done
if [[ ${#targets[@]} == 0 ]]; then
    echo "1..0 # SKIP clang's fuzzer runtime is not installed (Debian: libclang-rt-N-dev, in older releases libclang-common-N-dev)"
    exit 0
fi

status=0
number=0
for target in "${targets[@]}"; do
    number=$((number + 1))
    if [[ $mode == test ]]; then
        run_test "$target" $number || status=1
    else
        run_long "$target" || status=1
    fi
done
[[ $mode == test ]] && echo "1..$number"
exit $status
