#!/usr/bin/env bash
# Measures the peak memory of a deploy of 10 GB, and of one of 1,000,000 small files.
#
#   benches/limits.sh [bytes|files]…                LEOFLOW_BIN=…  BENCH_DIRECTORY=…  BYTES=10000000000  FILES=1000000
#
# The 10 GB are one fifth random, one fifth text and the rest zeros in sparse files, of sizes from 100 KB to 2 GB. The
# files hold 0 to 200 bytes each, 1000 a directory. The disk needs 8 GB for the first and 5 GB for the second.
# Needs: apt-get install --no-install-recommends debootstrap docker-registry skopeo time umoci
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

bytes=${BYTES:-10000000000}
files=${FILES:-1000000}
kinds=("$@")
if [ $# = 0 ]; then kinds=(bytes files); fi

make_bytes() {
    local data=$scratch/bytes/data part
    text 50000000 1 >"$scratch/words"
    for part in $(seq $((bytes / 5 / 50000000))); do cat "$scratch/words"; done >"$data/text.txt"
    for part in $(seq 10); do head -c $((bytes / 50)) /dev/urandom >"$data/random_$part.bin"; done
    mkdir "$data/small"
    for part in $(seq 1000); do head -c 100000 "$scratch/words" >"$data/small/$part.txt"; done
    for part in 1 2 3; do truncate --size $((bytes / 5)) "$data/zeros_$part.bin"; done
}

make_files() {
    python3 - "$scratch/files/data" "$files" <<'PYTHON'
import os, sys

root, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    directory = f"{root}/{number // 1000:04}"
    if number % 1000 == 0:
        os.mkdir(directory)
    with open(f"{directory}/{number:07}.txt", "w") as file:
        file.write(str(number) * (number % 29))
PYTHON
}

measure() { # KIND
    local apparent seconds kib
    apparent=$(du --apparent-size --bytes --summarize "$scratch/$1" | cut -f1)
    "${in_home[@]}" /usr/bin/time --output "$scratch/$1.time" --format '%e %M' "$leoflow" deploy "$scratch/$1" --yes \
        --server "$control_plane" --base "$base" --registry "$address/limits" --dag-version 1 \
        >"$scratch/turn.log" 2>&1 || { cat "$scratch/turn.log" >&2; exit 1; }
    read -r seconds kib <"$scratch/$1.time"
    awk -v kind="$1" -v apparent="$apparent" -v seconds="$seconds" -v kib="$kib" -v entries="$(find "$scratch/$1" | wc -l)" \
        'BEGIN { printf "%s: %.2f GB in %d entries, %.1f s, peak memory %.1f MiB\n", kind, apparent / 1e9, entries, seconds, kib / 1024 }'
}

serve_control_plane
for kind in "${kinds[@]}"; do
    serve_registry target
    base=$address/runtime/python:py3.11
    put_base "$base"
    project "$kind"
    "make_$kind"
    measure "$kind"
    rm -rf "${scratch:?}/$kind" "$scratch/home/.cache"
    drop_last target
done
