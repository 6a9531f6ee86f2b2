#!/usr/bin/env bash
# Lets many processes deploy to one registry at the same time, and counts what each of them sent.
#
#   benches/many-deploys.sh [PROCESSES]             LEOFLOW_BIN=…  BENCH_DIRECTORY=…
#
# Each deploys a project of its own, with a layer of 4 MB of its own, onto a base of 44 MB that lies on another registry.
# All share the base's layers. Fails unless every deploy succeeded and no process sent a blob twice, by the registry's log.
# Needs: apt-get install --no-install-recommends debootstrap docker-registry skopeo umoci
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

processes=${1:-64}

serve_control_plane
serve_registry source
base=$address/runtime/python:py3.11
put_base "$base"
serve_registry target
for number in $(seq "$processes"); do
    project "dag$number"
    head -c 4000000 /dev/urandom >"$scratch/dag$number/data/random.bin"
done

start=$(date +%s%N)
children=()
for number in $(seq "$processes"); do
    "${in_home[@]}" "$leoflow" deploy "$scratch/dag$number" --yes --server "$control_plane" --base "$base" \
        --registry "$address/team" --dag-version 1 >"$scratch/dag$number.log" 2>&1 &
    children+=($!)
done
failed=0
for number in $(seq "$processes"); do
    wait "${children[number - 1]}" || { failed=$((failed + 1)); cat "$scratch/dag$number.log" >&2; }
done
milliseconds=$((($(date +%s%N) - start) / 1000000))

# A process has a repository of its own: the same upload twice in one repository is a blob sent twice.
sent=$(sed -n 's/.*"PUT \(\/v2\/[^ ]*\/blobs\/uploads\/\)[^ ]*digest=\([^&" ]*\).*" 201 .*/\1\2/p' "$scratch/target.log" | sort)
uploads=$(wc -l <<<"$sent")
twice=$(uniq -d <<<"$sent" | wc -l)
awk -v n="$processes" -v failed="$failed" -v ms="$milliseconds" -v uploads="$uploads" -v twice="$twice" 'BEGIN {
    printf "%d deploys at once: %d failed, %.1f s, %d blobs sent, %d of them twice by one process\n",
        n, failed, ms / 1000, uploads, twice
}'
[ "$failed" = 0 ] && [ "$twice" = 0 ] && [ "$uploads" -ge "$processes" ]
