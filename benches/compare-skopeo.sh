#!/usr/bin/env bash
# Times how a base of 120 MB goes from one registry to another: as part of a deploy, and by `skopeo copy`.
#
#   benches/compare-skopeo.sh [ROUNDS]              LEOFLOW_BIN=…  BENCH_DIRECTORY=…
#
# Two of Debian's docker-registries; the target is a new one for each turn, so that nobody finds or mounts anything. The
# deploy also compiles, packs, pushes and registers a project of two files. The tools take turns. Prints the medians and
# leoflow's time as a ratio of skopeo's.
# Needs: apt-get install --no-install-recommends docker-registry skopeo time umoci
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

rounds=${1:-7}

# An image of three layers of 40 MB that do not compress.
make_base() {
    local layout=$scratch/layout layer
    umoci init --layout "$layout"
    umoci new --image "$layout:base"
    umoci config --image "$layout:base" --architecture amd64 --os linux --config.user 65532:65532
    for layer in 1 2 3; do
        mkdir "$scratch/layer"
        head -c 40000000 /dev/urandom >"$scratch/layer/random_$layer.bin"
        tar -C "$scratch/layer" -cf "$scratch/layer.tar" .
        umoci raw add-layer --image "$layout:base" "$scratch/layer.tar"
        rm -r "$scratch/layer" "$scratch/layer.tar"
    done
    skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$layout:base" "docker://$base"
    rm -r "$layout"
}

turn_skopeo() {
    skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false \
        "docker://$base" "docker://$address/copied/base:1"
}

turn_leoflow() {
    "${in_home[@]}" /usr/bin/time --append --output "$scratch/peak" --format %M "$leoflow" deploy "$scratch/tiny" \
        --yes --server "$control_plane" --base "$base" --registry "$address/copied" --dag-version 1
}

serve_control_plane
serve_registry source
base=$address/runtime/base:1
make_base
project tiny
for round in $(seq 0 "$rounds"); do # the first round warms up
    for tool in skopeo leoflow; do
        serve_registry target
        milliseconds "turn_$tool" >>"$scratch/$tool.milliseconds"
        drop_last target
    done
    if [ "$round" = 0 ]; then rm -f "$scratch"/*.milliseconds "$scratch/peak"; fi
done
skopeo_ms=$(median "$scratch/skopeo.milliseconds")
for tool in skopeo leoflow; do
    awk -v tool="$tool" -v ms="$(median "$scratch/$tool.milliseconds")" -v skopeo="$skopeo_ms" \
        'BEGIN { printf "%-8s %7.3f s  %.2f of skopeo", tool, ms / 1000, ms / skopeo }'
    echo "  (rounds, ms: $(paste -sd' ' "$scratch/$tool.milliseconds"))"
done
awk -v kib="$(sort -n "$scratch/peak" | tail -1)" 'BEGIN { printf "leoflow peak memory %.1f MiB\n", kib / 1024 }'
