#!/usr/bin/env bash
# Times a deploy against what people do today: `docker build` plus `docker push`, and the same with buildah.
#
#   benches/compare-docker.sh [ROUNDS]          TOOLS="docker buildkit buildah leoflow"  INPUTS="small large"  LEOFLOW_BIN=…
#
# Two inputs: 200 files and 816 KB; 478 MB, half of it text and half random bytes. The base is on the registry that is
# deployed to, and warm in Docker's and buildah's storage; their Dockerfile is one COPY. The tools take turns, and one
# file changes before each, so that no cache answers for the work.
#
# `docker` is Docker with its classic builder, `buildkit` with the newer one. Prints the median of each tool's wall times,
# leoflow's time as a ratio of it, and the peak memory of the leoflow process.
# Needs root and: apt-get install --no-install-recommends buildah debootstrap docker-registry docker.io runc skopeo \
#   time umoci util-linux
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

rounds=${1:-5}
read -ra tools <<<"${TOOLS:-docker buildkit buildah leoflow}"
read -ra inputs <<<"${INPUTS:-small large}"

start_servers() {
    serve_registry registry
    registry=$address
    # The mount namespace takes dockerd's mounts with it.
    serve dockerd 'API listen on' unshare --mount -- dockerd --data-root "$scratch/docker" \
        --exec-root "$scratch/docker-exec" --pidfile "$scratch/dockerd.pid" --host "unix://$scratch/docker.sock" \
        --bridge=none --iptables=false --ip6tables=false --insecure-registry=127.0.0.0/8
    if has leoflow; then serve_control_plane; fi
}

has() { [[ " ${tools[*]} " == *" $1 "* ]]; }
# Debian's own client: its version is the daemon's, and it has BuildKit without a plugin.
docker() { /usr/bin/docker --host "unix://$scratch/docker.sock" "$@"; }
buildah() { command buildah --root "$scratch/buildah" --runroot "$scratch/buildah-run" --storage-driver overlay "$@"; }

# The base, in the registry and in each tool's own storage.
prepare_base() {
    base=$registry/runtime/python:py3.11
    put_base "$base"
    if has docker || has buildkit; then docker pull --quiet "$base" >/dev/null; fi
    if has buildah; then buildah pull --quiet --tls-verify=false "$base" >/dev/null; fi
    printf 'FROM %s\nCOPY . /home/leoflow/\nENV PYTHONPATH=/home/leoflow\n' "$base" >"$scratch/Dockerfile"
}

make_small() { # 198 files of 4121 bytes, and the two of the project
    project small
    local all=$scratch/all-text
    text $((198 * 4121)) 2 >"$all"
    split -b 4121 -d -a 3 --additional-suffix=.py "$all" "$scratch/small/data/module_"
    rm "$all"
}

make_large() {
    project large
    local part
    for part in 1 2 3 4; do
        text 59750000 "$part" >"$scratch/large/data/text_$part.txt"
        head -c 59750000 /dev/urandom >"$scratch/large/data/random_$part.bin"
    done
}

docker_build_and_push() { # REPOSITORY INPUT TAG
    docker build --quiet --tag "$registry/$1/$2:$3" --file "$scratch/Dockerfile" "$scratch/$2" &&
        docker push --quiet "$registry/$1/$2:$3"
}
turn_docker() { DOCKER_BUILDKIT=0 docker_build_and_push docker "$@"; }
turn_buildkit() { DOCKER_BUILDKIT=1 docker_build_and_push buildkit "$@"; }

turn_buildah() {
    buildah build --quiet --isolation chroot --tls-verify=false --tag "$registry/buildah/$1:$2" \
        --file "$scratch/Dockerfile" "$scratch/$1" &&
        buildah push --quiet --tls-verify=false "$registry/buildah/$1:$2"
}

turn_leoflow() {
    "${in_home[@]}" /usr/bin/time --append --output "$scratch/$1.leoflow.peak" --format %M "$leoflow" deploy "$scratch/$1" \
        --yes --server "$control_plane" --base "$base" --registry "$registry/leoflow" --dag-version "$2"
}

# What a turn left in local storage, so that the disk does not fill.
forget_docker() { docker image rm "$registry/docker/$1:$2"; }
forget_buildkit() { docker image rm "$registry/buildkit/$1:$2"; }
forget_buildah() { buildah rmi "$registry/buildah/$1:$2"; }
forget_leoflow() { :; }

# Changes one file, then takes the wall time of one turn: measure INPUT TOOL ROUND
measure() {
    date +%s%N >"$scratch/$1/data/changed.txt"
    milliseconds "turn_$2" "$1" "round-$3" >>"$scratch/$1.$2.milliseconds"
    "forget_$2" "$1" "round-$3" >/dev/null
}

report() { # INPUT
    local tool leoflow_ms=
    if has leoflow; then leoflow_ms=$(median "$scratch/$1.leoflow.milliseconds"); fi
    for tool in "${tools[@]}"; do
        awk -v input="$1" -v tool="$tool" -v ms="$(median "$scratch/$1.$tool.milliseconds")" -v leoflow="$leoflow_ms" \
            'BEGIN { printf "%-6s %-9s %7.2f s", input, tool, ms / 1000; if (leoflow) printf "  leoflow %.2f of it", leoflow / ms }'
        echo "  (rounds, ms: $(paste -sd' ' "$scratch/$1.$tool.milliseconds"))"
    done
    if has leoflow; then awk -v kib="$(sort -n "$scratch/$1.leoflow.peak" | tail -1)" \
        'BEGIN { printf "%-6s leoflow peak memory %.1f MiB\n", "'"$1"'", kib / 1024 }'; fi
}

start_servers
prepare_base
for input in "${inputs[@]}"; do
    "make_$input"
    for round in $(seq 0 "$rounds"); do # the first round warms up
        for tool in "${tools[@]}"; do measure "$input" "$tool" "$round"; done
        if [ "$round" = 0 ]; then rm -f "$scratch/$input".*.{milliseconds,peak}; fi
    done
    report "$input"
done
