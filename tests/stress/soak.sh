#!/bin/bash
# Random operations for as long as you like: one half of them against the oracle of tests/model, in all the ways that it
# is built, the other half by threads, with an owner word for each frame.
#
#   tests/stress/soak.sh OPS SEED FOLDER      FOLDER/model and FOLDER/stress have the programs
#
# Shows progress each few seconds, and each seed. Exit status: 0 all agreed, 1 something did not, 2 it can not run.
set -u
cd "$(dirname "$0")/../.." || exit 2
ops=${1:-} seed=${2:-} folder=${3:-}

fail() {
    echo "soak: $1" >&2
    exit 2
}
[[ $ops =~ ^[1-9][0-9]{6,17}$ ]] || fail "OPS=$ops: give a number of operations, from 1000000"
[[ $seed =~ ^[1-9][0-9]{0,8}$ ]] || fail "SEED=$seed: give a number, from 1"
[[ -x $folder/model/model-plain && -x $folder/stress/stress && -x $folder/stress/stress-local ]] || fail "say where the programs are: tests/stress/soak.sh 1000000 1 build/tests"

# Hundredths of the model's operations; the slow ones have fewer.
declare -A share=([plain]=40 [local]=15 [check0]=15 [m32]=15 [check2]=10 [page16k]=3 [page64k]=1 [asan]=1)
steps=1000000 # for each seed

# The operations that the model made are on the last line of its output.
model() {
    local name=$1 n=$(((ops / 2 * ${share[$1]} / 100 + steps - 1) / steps)) first=$((seed * 1000))
    echo "soak: model-$name, seeds $first to $((first + n - 1)), $n x $steps operations"
    MODEL_SEED=$first-$((first + n - 1)) MODEL_STEPS=$steps tools/foreign.py "$folder/model/model-$name" || exit 1
    done_model=$((done_model + n * steps))
}

# threads PROGRAM SEED. Threads do not always make as many calls: the program says how many it made.
threads() {
    local calls
    echo "soak: $1, seed $2"
    calls=$(STRESS_SEED=$2 STRESS_OPS=1000000 CMOCKA_MESSAGE_OUTPUT=TAP "$folder/stress/$1" 2>&1 |
        awk '{ print > "/dev/stderr" } /^# [0-9]+ calls/ { sum += $2 } END { print sum }') || exit 1
    done_threads=$((done_threads + calls))
    echo "soak: $done_threads of $((ops / 2)) calls by threads"
}

done_model=0 done_threads=0
set -o pipefail
for name in plain local check0 m32 check2 page16k page64k asan; do
    [[ $name == m32 && ! -x $folder/model/model-m32 ]] || model "$name"
done
for ((round = seed; done_threads < ops / 2; round++)); do
    threads stress "$round"
    threads stress-local "$round"
done
echo "soak: $done_model operations of the model, $done_threads calls by threads, seed $seed, in $SECONDS s: all answers agree"
