#!/usr/bin/env bash
# Trains the generator for a number of seconds and ends by itself; called again, it goes on where it stopped.
#
#   tools/train_in_slices.sh PACK RUN SECONDS [options of "landscape train gan"...]
#
# RUN gets the state (in pieces of under 15 MB, written every two minutes), and RUN/slice the weights so far, a sheet of
# samples, the metrics with their curves, and what the slice did. PYTHON names the interpreter.
set -euo pipefail

if [ $# -lt 3 ] || ! [[ $3 =~ ^[0-9]+$ ]]; then
    sed -n '4p' "$0" | cut -c5- >&2
    exit 2
fi
pack=$1 run=$2 seconds=$3
shift 3
python=${PYTHON:-python}
began=$(date +%s)
resume=()
[ -e "$run/state.pt" ] && resume=(--resume)

minutes=$(awk "BEGIN { print $seconds / 60 }")
"$python" -m landscape train gan --data "$pack" --out "$run" "${resume[@]}" --minutes "$minutes" \
    --checkpoint-minutes 2 --file-mb 14 "$@"

slice=$run/slice
mkdir -p "$slice"
"$python" -m landscape train export "$run" --out "$slice/generator.safetensors"
"$python" -m landscape sample --weights "$slice/generator.safetensors" -n 36 --cell 128 -o "$slice/samples.png"
if [ -s "$run/metrics.jsonl" ]; then # the first line comes after 50 steps
    cp "$run/metrics.jsonl" "$slice/metrics.jsonl"
    "$python" -m landscape train curves "$run" --out "$slice/curves.png"
fi
echo "{\"asked_seconds\": $seconds, \"seconds\": $(($(date +%s) - began))}" > "$slice/slice.json"
