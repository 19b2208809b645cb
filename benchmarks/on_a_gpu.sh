#!/usr/bin/env bash
# Everything that a CUDA GPU has to show, in under six minutes on one card:
#   bash benchmarks/on_a_gpu.sh [FOLDER]
# FOLDER (default: gpu_results) gets a text file for each part, and the numbers as JSON. Needs torch, triton, numpy,
# pytest and hypothesis, and nothing else of the course's requirements. A part that fails or runs out of time does
# not keep the others from running; the exit status is then 1.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
into="$(realpath -m "${1:-gpu_results}")"
mkdir -p "$into"
export PYTHONPATH="$PWD" PYTHONUNBUFFERED=1 TQDM_DISABLE=1
python="${PYTHON:-python3}"
failed=0

# part NAME SECONDS COMMAND…
part() {
    local name="$1" seconds="$2" status=0
    shift 2
    echo "== $name, at most $seconds s"
    timeout "$seconds" "$@" 2>&1 | tee "$into/$name.txt" || status=$?
    [ "$status" = 0 ] || { failed=1; echo "== $name FAILED with status $status" | tee -a "$into/$name.txt"; }
}

part tests 150 "$python" -m pytest -q -m gpu -p no:cacheprovider -o addopts=--import-mode=importlib \
    tests/in_torch/test_gpu.py
part layers 130 "$python" benchmarks/gpu_layers.py --json "$into/layers.json"
part models 70 "$python" benchmarks/gpu_models.py --json "$into/models.json"
exit "$failed"
