#!/bin/bash
# Runs the fuzz targets.
#
#   tests/fuzz/run.sh test FOLDER SEED TARGET         a number of runs from the corpus, the same each time; TAP
#   tests/fuzz/run.sh plants FOLDER                   each target must notice planted mistakes; TAP
#   tests/fuzz/run.sh long FOLDER SECONDS TARGET...   each target for so long, with sanitizers, with progress; a table
#   tests/fuzz/run.sh pack FOLDER TO TARGET...        as few inputs as reach all that corpus and finds reach: TO/TARGET.tar.gz
#
# FOLDER has the programs, and in corpus/TARGET the unpacked corpora. Inputs that reach something new are kept in
# FOLDER/found/TARGET; what broke a target is FOLDER/found/TARGET-crash-<hash>, or -timeout-, -oom-, -leak-.
#
# Exit status: 0 all agreed, 1 a target broke, or did not notice a planted mistake, 2 it can not run.
set -u
export LC_ALL=C # the order of file names
cd "$(dirname "$0")/../.." || exit 2
mode=${1:-}
folder=${2:-}

# How many runs a test has: in bulk, with sanitizers, and until a planted mistake must have been noticed.
declare -A bulk_runs=([fdt]=5000000 [regions]=5000000 [acpi]=5000000 [api]=250000)
declare -A sanitized_runs=([fdt]=50000 [regions]=100000 [acpi]=50000 [api]=10000)
declare -A max_bytes=([fdt]=3072 [regions]=80 [acpi]=512 [api]=128) # libFuzzer cuts what is longer: whole_inputs
for map in e820 uefi limine pvh linux multiboot multiboot2; do
    bulk_runs[$map]=5000000
    sanitized_runs[$map]=100000
    max_bytes[$map]=400
done
planted_runs=5000

# The mistakes of the plants.c of tests/fuzz and tests/model, and what is said about them.
plants=(
    "fdt|a broken blob accepted|the status"
    "fdt|a good blob refused|the status"
    "fdt|a problem that is not reported|problems that were counted"
    "fdt|a byte read behind the blob|AddressSanitizer: heap-buffer-overflow"
    "fdt|a region left out|how many regions"
    "regions|a frame too many|region 0 is"
    "regions|a region left out|regions, expected"
    "regions|too many entries accepted|not refused, or changed"
    "regions|memory for later left out|split, later"
    "acpi|a damaged table accepted|the status"
    "acpi|a problem that is not reported|the problems"
    "acpi|a byte read behind a table|AddressSanitizer: heap-buffer-overflow"
    "acpi|a window used after the next|AddressSanitizer: heap-use-after-free"
    "acpi|a CPU on another node|the CPUs"
    "acpi|a node too many|another node"
    "acpi|a distance forgotten|the distances"
    "e820|an entry left out|ranges, expected"
    "uefi|memory that is in use|kind 1, expected"
    "limine|a problem that is not counted|problems, expected"
    "pvh|a module left out|modules, RSDP"
    "linux|no root pointer|modules, RSDP"
    "multiboot|a structure that is not there|expected a refusal"
    "multiboot2|no command line|the command line is"
    "api|a frame handed out twice|is held"
    "api|a frame that is lost|free frames"
    "api|a free that is forgotten|expected"
    "api|the wrong owner blamed|reported as"
    "api|a copy that is the original|quire_cow"
    "api|a frame that a crash takes away|after a crash"
)

fail() {
    echo "fuzz: $1" >&2
    exit 2
}

# Program $1 of target $2, from the corpus, with options. The corpus is listed, since the order in a folder may be any.
fuzz() {
    local program=$1 target=$2 dictionary=tests/fuzz/$2.dict seeds=("$folder/corpus/$2"/*)
    shift 2
    mkdir -p "$folder/found"
    [[ -e $dictionary ]] && set -- "$@" "-dict=$dictionary"
    "$program" "-max_len=${max_bytes[$target]}" -len_control=0 -timeout=300 "-artifact_prefix=$folder/found/$target-" \
        "-seed_inputs=$(IFS=, && echo "${seeds[*]}")" "$@" 2>&1
}

# The same for $3 runs from seed $4, which do the same each time. use_cmp=0: mutations learn nothing from the operands of
# comparisons, because addresses, which differ each time, are among them. entropic=0: how rare something is is not counted,
# which takes longer than a run does.
fixed() {
    fuzz "$1" "$2" "-runs=$3" "-seed=$4" -use_cmp=0 -entropic=0 "${@:5}"
}

# How to repeat what broke program $1, if it has left that in $2, its output.
replay() {
    local file
    file=$(sed -n 's/.*Test unit written to //p' <<<"$2" | tail -n 1)
    [[ -n $file ]] && echo "repeat with: $1 $file"
}

no_runtime="clang's fuzzer runtime is not installed (Debian: libclang-rt-N-dev, in older releases libclang-common-N-dev)"
number=0
status=0
# A test: $1 ok or not, $2 what it is; and what was said, if not ok.
result() {
    number=$((number + 1))
    echo "$1 $number - $2"
    [[ $1 == ok ]] && return
    tail -n 40 <<<"$3" | sed 's/^/# /'
    status=1
}

# $3 runs of program $1 of target $2, from seed $4.
test_runs() {
    local output verdict=ok
    output=$(fixed "$@") || verdict="not ok"
    grep -q "^Done $3 runs" <<<"$output" || verdict="not ok"
    result "$verdict" "$1 -seed=$4: $3 runs, each answer as expected" "$output
$(replay "$1" "$output")"
}

test_plants() {
    local plant target name words output verdict
    for plant in "${plants[@]}"; do
        IFS='|' read -r target name words <<<"$plant"
        output=$(PLANT=$name fixed "$folder/planted/$target" "$target" $planted_runs 1 \
            "-artifact_prefix=$folder/planted/$target-")
        [[ $? != 0 && $output == *"$words"* ]] && verdict=ok || verdict="not ok"
        result "$verdict" "$target notices: $name" "$output"
    done
}

# Target $1 for $2 seconds. How that went is put into `table`.
table=()
run_long() {
    local program=$folder/$1 finds=$folder/found/$1 verdict="each answer as expected"
    echo "fuzz: $1 for $2 s"
    mkdir -p "$finds"
    fuzz "$program" "$1" "-max_total_time=$2" "$finds" | tee "$folder/$1.log" |
        grep --line-buffered -E '^fuzz:|^model: seed|(INITED|pulse|DONE) |^SUMMARY|runtime error'
    if [[ ${PIPESTATUS[0]} != 0 ]]; then
        verdict="BROKEN; $(replay "$program" "$(<"$folder/$1.log")")"
        status=1
    fi
    table+=("$(printf '%-8s %11d inputs  %s' "$1" "$(sed -n 's/^#\([0-9][0-9]*\).*/\1/p' "$folder/$1.log" | tail -n 1)" "$verdict")")
}

# The same addresses each time, where that is allowed: a loop over bytes may depend on how they are aligned.
same_addresses=()
setarch -R true 2>/dev/null && same_addresses=(setarch -R)

# What program $1 of target $2 reaches with the inputs of folders: edges, and with how often each was passed, features.
coverage() {
    "${same_addresses[@]}" "$1" "-max_len=${max_bytes[$2]}" -timeout=300 -runs=0 "${@:3}" 2>&1 |
        sed -n 's/.*DONE  *cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p'
}

# The inputs of folder $1 as file $2, the same bytes for the same inputs.
archive() {
    (cd "$1" && tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -c -- *) | gzip -9n >"$2.new" &&
        mv "$2.new" "$2"
}

# Both programs have their say, since what compilers make of a source differs. What they reach must not become less.
pack_target() {
    local target=$1 to=$2 inputs=("$folder/corpus/$1") packed=$folder/packed/$1 program before after
    [[ -d $folder/found/$target ]] && inputs+=("$folder/found/$target")
    rm -rf "$packed" && mkdir -p "$packed" "$to" || exit 2
    for program in "$folder/$target" "$folder/bulk/$target"; do
        "${same_addresses[@]}" "$program" "-max_len=${max_bytes[$target]}" -timeout=300 -set_cover_merge=1 "$packed" "${inputs[@]}" \
            >"$folder/$target.log" 2>&1 || fail "$program does not merge, see $folder/$target.log"
    done
    for program in "$folder/$target" "$folder/bulk/$target"; do
        before=$(coverage "$program" "$target" "${inputs[@]}")
        after=$(coverage "$program" "$target" "$packed")
        echo "$program: $(find "${inputs[@]}" -type f | wc -l) inputs reach ${before:-nothing}, $(ls "$packed" | wc -l) reach ${after:-nothing}"
        [[ -n $before && $before == "$after" ]] || fail "$program would reach something else: nothing is packed"
    done
    archive "$packed" "$to/$target.tar.gz" || fail "$to/$target.tar.gz can not be written"
}

# No input is cut.
whole_inputs() {
    local target long
    for target in "${!max_bytes[@]}"; do
        long=$(find "$folder"/{corpus,found}/"$target" -type f -size +"${max_bytes[$target]}"c 2>/dev/null | sort | head -n 1)
        [[ -z $long ]] || fail "$long has more than ${max_bytes[$target]} bytes and would be cut: raise max_bytes[$target]"
    done
}

is_number() {
    [[ $1 =~ ^[1-9][0-9]{0,8}$ ]]
}

is_target() {
    [[ -n $1 && -n ${bulk_runs[$1]:-} ]] || fail "there is no target \"$1\", but ${!bulk_runs[*]}"
    [[ -x $folder/$1 ]] || fail "there is no $folder/$1"
}

whole_inputs
case $mode in
test)
    seed=${3:-} target=${4:-}
    is_number "$seed" || fail "seed $seed: give a number, from 1"
    is_target "$target"
    test_runs "$folder/$target" "$target" "${sanitized_runs[$target]}" "$seed"
    test_runs "$folder/bulk/$target" "$target" "${bulk_runs[$target]}" "$seed"
    echo "1..$number"
    ;;
plants)
    is_target api
    test_plants
    echo "1..$number"
    ;;
long)
    is_number "${3:-}" || fail "T=${3:-}: give a number of seconds, from 1"
    [[ $# -gt 3 ]] || fail "$no_runtime"
    for target in "${@:4}"; do
        is_target "$target"
        run_long "$target" "$3"
    done
    printf '%s\n' "${table[@]}"
    ;;
pack)
    [[ $# -gt 3 ]] || fail "$no_runtime"
    for target in "${@:4}"; do
        is_target "$target"
        pack_target "$target" "$3"
    done
    ;;
*) fail "say what: tests/fuzz/run.sh test build/tests/fuzz 1 fdt" ;;
esac
exit $status
