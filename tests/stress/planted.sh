#!/bin/bash
# Do the threads notice? An allocator with one planted mistake (tests/model/plants.c) must fail the stress test, with the
# words that tell which of its checks has seen it.
#
#   tests/stress/planted.sh FOLDER      which has stress-planted and stress-tsan-planted; prints TAP
#
# Exit status: 0 each was noticed, 1 one was not, 2 it can not run.
set -u
cd "$(dirname "$0")/../.." || exit 2
folder=${1:-}
[[ -x $folder/stress-planted && -x $folder/stress-tsan-planted ]] ||
    { echo "planted: say where the programs are: tests/stress/planted.sh build/tests/stress" >&2; exit 2; }
export CMOCKA_MESSAGE_OUTPUT=TAP

# Threads race only while they run at once; with a slow tool, and few processors free, that takes many steps.
declare -A steps=([stress-planted]=2000 [stress-tsan-planted]=20000)

# The mistake, the program, and what is said about it.
plants=(
    "a frame handed out twice|stress-planted|given although somebody has it"
    "a frame that is lost|stress-planted|not ok 1 - singles"
    "a free that is forgotten|stress-planted|not ok 1 - singles"
    "a run of which half is freed|stress-planted|not ok 2 - mixed"
    "none where there is one|stress-planted|not ok 11 - never_refused_with_a_margin"
    "a reference not taken|stress-planted|refused"
    "two references dropped|stress-planted|refused"
    "a copy that is the original|stress-planted|no copy although others have it"
    "a copy with another content|stress-planted|a copy with other contents"
    "a plain counter that all threads write|stress-tsan-planted|data race"
)

status=0 number=0
for plant in "${plants[@]}"; do
    number=$((number + 1))
    IFS='|' read -r name program words <<<"$plant"
    output=$(PLANT=$name STRESS_OPS=${steps[$program]} "$folder/$program" 2>&1)
    failed=$?
    if [[ $failed != 0 && $output == *"$words"* ]]; then
        echo "ok $number - $program notices: $name"
    else
        echo "not ok $number - $program: $name: exit status $failed, or not \"$words\":"
        sed 's/^/# /' <<<"$output"
        status=1
    fi
done
echo "1..$number"
exit $status
