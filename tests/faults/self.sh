#!/bin/bash
# Do the tests of this folder notice? Each is run with one planted mistake (plants.c) and must fail, with the words that
# tell which of its checks has seen it; without any it must pass.
#
#   tests/faults/self.sh FOLDER      where deaths-planted, flips-planted and calls-planted are; prints TAP
#
# Exit status: 0 each was noticed, 1 one was not, 2 it can not run.
set -u
cd "$(dirname "$0")/../.." || exit 2
folder=${1:-}
for program in deaths flips calls; do
    [[ -x $folder/$program-planted ]] || { echo "self: no $program-planted in '$folder'" >&2; exit 2; }
done
export MODEL_SEED=3

# The program, the mistake, and what is said about it.
plants=(
    "deaths|another address|it+0x1000, order 0, record 0x21800000: refs 0, tag 33)"
    "deaths|another owner|refs 0, tag 34)"
    "deaths|another count|refs 1, tag 33)"
    "deaths|another order|(it, order 1, record 0x21800000"
    "deaths|another record|record 0x21880000"
    "deaths|another offset|offset 1235: found 0x7b"
    "deaths|another byte found|offset 1234: found 0x7a"
    "deaths|another kind|says      quire_free: free frame was written"
    "deaths|another call|says      quire_alloc: double free"
    "deaths|other words|says      quire_free: double free: something is wrong"
    "deaths|a changed byte|tag 33); 1 bytes changed"
    "deaths|a byte changed without a report|says      0 of 8"
    "deaths|no report|says      nothing"
    "deaths|a crash|says      died: Aborted"
    "deaths|a frame that does not come|says      not all frames"
    "deaths|another status|says      no memory"
    "deaths|a refusal that leaves something behind|invalid argument, but something was written"
    "flips|nothing found|says      ok"
    "flips|other words found|says      something is wrong"
    "flips|a frame that does not come|free frames"
    "flips|a field left out|says      31 of 192 bytes"
    "calls|another address|reported as"
    "calls|another owner|reported as"
    "calls|another kind|reported as"
    "calls|another call|reported as"
    "calls|another order|reported as"
    "calls|another count|reported as"
    "calls|no report|a misuse, and 0 faults reported"
    "calls|two reports|a misuse, and 2 faults reported"
    "calls|a changed byte|1 bytes of metadata are changed"
    "calls|a byte changed without a report|1 bytes of metadata are changed"
    "calls|a misuse that is accepted|says ok, expected fault"
)

status=0 number=0
for plant in "deaths|none|" "flips|none|" "calls|none|" "${plants[@]}"; do
    IFS='|' read -r program name words <<<"$plant"
    number=$((number + 1))
    output=$(PLANT=$name "$folder/$program-planted" 2>&1)
    failed=$? wanted=1
    [[ $name == none ]] && wanted=0
    if [[ $failed == "$wanted" && $output == *"$words"* ]]; then
        echo "ok $number - $program: $name"
    else
        echo "not ok $number - $program: $name: exit status $failed, not $wanted, or not \"$words\":"
        grep -v '^ok' <<<"$output" | tail -n 40 | sed 's/^/# /'
        status=1
    fi
done
echo "1..$number"
exit $status
