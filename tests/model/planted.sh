#!/bin/bash
# Does the oracle notice? An allocator with one planted mistake (plants.c) must fail the model, with the words that tell
# which of its checks has seen it; without any it must pass.
#
#   tests/model/planted.sh PROGRAM      prints TAP
#
# Exit status: 0 each was noticed, 1 one was not, 2 it can not run.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${1:-}
[[ -x $program ]] || { echo "planted: say which program: tests/model/planted.sh build/tests/model/model-planted" >&2; exit 2; }
export MODEL_STEPS=5000 MODEL_COMPARE=500

# The mistake, and what is said about it, as a pattern of bash.
shopt -s extglob
plants=(
    "a frame handed out twice|is held"
    "a frame that is lost|free frames: says"
    "none where there is one|says that there is none"
    "a byte that was written|its middle is"
    "a run that is not aligned|not aligned"
    "the wrong excuse|says no memory, expected memory fragmented"
    "a free that is forgotten|references: says"
    "a run of which half is freed|quire_free_order(pa"
    "a run of which one frame more is freed|@(is held|free frames: says)" # whichever the seed shows first
    "a place that is overlooked|says memory fragmented, expected ok"
    "a place that does not fit|not what was asked for"
    "a range that ends early|frames, expected"
    "a bulk in which a frame is twice|is held"
    "a bulk that is too small|none behind"
    "a frame in bulk that is not freed|quire_free(pa"
    "the wrong owner blamed|reported as"
    "the wrong frame blamed|reported as"
    "the wrong kind of fault|reported as"
    "a fault not reported|a misuse, and 0 faults reported"
    "a count of references that is wrong|references"
    "a reference not taken|references: says"
    "a lookup that always says yes|says yes of"
    "two references dropped|says"
    "a copy that is the original|is held"
    "a copy with another content|its middle is"
    "memory taken in twice|says ok, expected invalid argument"
    "a wrong number of free frames|free frames: says"
    "a wrong number of free blocks|free block"
    "a wrong number of cached frames|says"
    "a wrong number of frames of an owner|frames held under one tag"
    "a walk that names the wrong owner|the walk"
    "a walk that leaves out a run|frames seen by the walk"
    "a recount that finds something|validate: "
    "a frame that a crash takes away|after a crash frame"
    "frames that were never astray|astray"
)

status=0 number=0
for plant in "none|all answers agree" "${plants[@]}"; do
    number=$((number + 1))
    name=${plant%%|*} words=${plant#*|}
    output=$(PLANT=$name "$program" 2>&1)
    failed=$? wanted=1
    [[ $name == none ]] && wanted=0
    if [[ $failed == "$wanted" && $output == *$words* ]]; then
        echo "ok $number - $name: $(tail -n 2 <<<"$output" | head -n 1)"
    else
        echo "not ok $number - $name: exit status $failed, not $wanted, or not \"$words\":"
        sed 's/^/# /' <<<"$output"
        status=1
    fi
done
echo "1..$number"
exit $status
