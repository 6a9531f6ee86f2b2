#!/usr/bin/env bash
# Times how packages get into an image: resolved, downloaded and assembled, against `uv pip install --target`, which does
# not compress; then a second project with the same packages; then an edit of dag.py with a lock, from this machine and
# from an empty one.
#
#   benches/compare-uv.sh [ROUNDS]                  LEOFLOW_BIN=…  BENCH_DIRECTORY=…
#
# Asks the package index for real, so the figures hold for this machine's line only; the tools take turns, each from an
# empty home and an empty cache. Registry and control plane are on loopback.
# Needs: python3 with venv; apt-get install --no-install-recommends buildah debootstrap docker-registry skopeo
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

rounds=${1:-3}
packages=(pandas==2.1.0 duckdb requests)

with_packages() {
    project "$1"
    printf 'dependencies: [%s]\nconnectors: [postgres]\n' "$(IFS=,; echo "${packages[*]}")" >>"$scratch/$1/leoflow.yaml"
}

build() {
    "${in_home[@]}" "$leoflow" build "$scratch/$1" --base "oci:$layout:base" --dag-version 1 -o "oci:$scratch/$1.oci"
}

deploy() {
    "${in_home[@]}" "$leoflow" deploy "$scratch/edited" --yes --server "$control_plane" --base "$base" \
        --registry "$address/edited" --dag-version "$1" --output json
}

empty_home() {
    rm -rf "$scratch/home/.cache"
}

turn_uv() {
    "$scratch/venv/bin/uv" pip install --quiet --target "$scratch/uv.target" --cache-dir "$scratch/uv.cache" \
        --python-version 3.11 --python-platform x86_64-manylinux_2_36 --only-binary :all: --link-mode copy \
        "${packages[@]}" apache-airflow-providers-postgres
    rm -rf "$scratch/uv.target" "$scratch/uv.cache"
}

turn_leoflow() {
    empty_home
    build first
    rm -rf "$scratch/first.oci"
}

turn_second() {
    build second
    rm -rf "$scratch/second.oci"
}

python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet uv
serve_control_plane
serve_registry registry
base=$address/runtime/base:1
put_base "$base"
layout=$(tests/e2e/base/build.sh target/tmp/e2e)
with_packages first
with_packages second
for _ in $(seq "$rounds"); do
    for tool in uv leoflow second; do
        milliseconds "turn_$tool" >>"$scratch/$tool.milliseconds"
    done
done
uv_ms=$(median "$scratch/uv.milliseconds")
for tool in uv leoflow second; do
    awk -v tool="$tool" -v ms="$(median "$scratch/$tool.milliseconds")" -v uv="$uv_ms" \
        'BEGIN { printf "%-8s %7.3f s  %.2f of uv", tool, ms / 1000, ms / uv }'
    echo "  (rounds, ms: $(paste -sd' ' "$scratch/$tool.milliseconds"))"
done

with_packages edited
"${in_home[@]}" "$leoflow" lock "$scratch/edited" --base "$base"
deploy 1 >"$scratch/deployed.json"
for where in here elsewhere; do
    for edit in $(seq "$rounds"); do
        echo "# $where $edit" >>"$scratch/edited/dag.py"
        if [ "$where" = elsewhere ]; then empty_home; fi
        milliseconds deploy "$where$edit" >>"$scratch/$where.milliseconds"
        grep -o '"uploaded_bytes": [0-9]*' "$scratch/turn.log" | grep -o '[0-9]*' >>"$scratch/$where.uploaded"
    done
    echo "an edit, from $where: $(median "$scratch/$where.milliseconds") ms, $(sort -n "$scratch/$where.uploaded" | tail -1) bytes uploaded"
done
