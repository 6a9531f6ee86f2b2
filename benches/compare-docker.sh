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

rounds=${1:-5}
read -ra tools <<<"${TOOLS:-docker buildkit buildah leoflow}"
read -ra inputs <<<"${INPUTS:-small large}"
scratch=$(mktemp -d)
servers=()

finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    wait || true
    rm -rf "$scratch"
}
trap finish EXIT

# Starts a server and waits for a line of its log: serve NAME NEEDLE COMMAND…
serve() {
    local log=$scratch/$1.log needle=$2
    shift 2
    : >"$log"
    "$@" >"$log" 2>&1 </dev/null &
    servers+=($!)
    until grep -q "$needle" "$log"; do
        kill -0 "${servers[-1]}" 2>/dev/null || { cat "$log" >&2; exit 1; }
        sleep 0.1
    done
}

start_servers() {
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:0"}\n' \
        "$scratch/registry" >"$scratch/registry.yml"
    serve registry 'listening on 127' docker-registry serve "$scratch/registry.yml"
    registry=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' "$scratch/registry.log")
    # The mount namespace takes dockerd's mounts with it.
    serve dockerd 'API listen on' unshare --mount -- dockerd --data-root "$scratch/docker" \
        --exec-root "$scratch/docker-exec" --pidfile "$scratch/dockerd.pid" --host "unix://$scratch/docker.sock" \
        --bridge=none --iptables=false --ip6tables=false --insecure-registry=127.0.0.0/8
    if has leoflow; then
        serve sandbox 'http://127' "${in_home[@]}" "$leoflow" sandbox
        control_plane=$(grep -m1 -o 'http://127[0-9.:]*' "$scratch/sandbox.log")
        "${in_home[@]}" "$leoflow" auth login --server "$control_plane" --username bench --password-stdin <<<bench
    fi
}

has() { [[ " ${tools[*]} " == *" $1 "* ]]; }
in_home=(env -i HOME="$scratch/home" PATH=/usr/bin:/bin)
# Debian's own client: its version is the daemon's, and it has BuildKit without a plugin.
docker() { /usr/bin/docker --host "unix://$scratch/docker.sock" "$@"; }
buildah() { command buildah --root "$scratch/buildah" --runroot "$scratch/buildah-run" --storage-driver overlay "$@"; }

# The base, in the registry and in each tool's own storage.
prepare_base() {
    base=$registry/runtime/python:py3.11
    local layout
    layout=$(tests/e2e/base/build.sh target/tmp/e2e)
    skopeo --insecure-policy copy --quiet --all --dest-tls-verify=false "oci:$layout:base" "docker://$base"
    if has docker || has buildkit; then docker pull --quiet "$base" >/dev/null; fi
    if has buildah; then buildah pull --quiet --tls-verify=false "$base" >/dev/null; fi
    printf 'FROM %s\nCOPY . /home/leoflow/\nENV PYTHONPATH=/home/leoflow\n' "$base" >"$scratch/Dockerfile"
}

# Words at random from a vocabulary of 4000, the same every time: text BYTES SEED
text() {
    awk -v bytes="$1" -v seed="$2" 'BEGIN {
        srand(1)
        for (i = 0; i < 4000; i++) {
            word = ""
            for (letters = 2 + int(rand() * 9); letters > 0; letters--) word = word sprintf("%c", 97 + int(rand() * 26))
            words[i] = word
        }
        srand(seed)
        while (written < bytes) {
            line = "#"
            while (length(line) < 90) line = line " " words[int(rand() * 4000)]
            print line
            written += length(line) + 1
        }
    }' | head -c "$1"
}

project() { # NAME: the smallest project there is
    mkdir -p "$scratch/$1/data"
    printf 'schema_version: "1.0"\ndag_id: %s\n' "$1" >"$scratch/$1/leoflow.yaml"
    cat >"$scratch/$1/dag.py" <<'EOF'
from airflow.sdk import DAG, task


@task
def extract():
    return 1


with DAG(dag_id="NAME", schedule=None):
    extract()
EOF
    sed -i "s/NAME/$1/" "$scratch/$1/dag.py"
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
    local start end
    start=$(date +%s%N)
    "turn_$2" "$1" "round-$3" >"$scratch/turn.log" 2>&1 || { cat "$scratch/turn.log" >&2; exit 1; }
    end=$(date +%s%N)
    echo $(((end - start) / 1000000)) >>"$scratch/$1.$2.milliseconds"
    "forget_$2" "$1" "round-$3" >/dev/null
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

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

if has leoflow; then
    leoflow=${LEOFLOW_BIN:-$PWD/target/release/leoflow}
    [ -x "$leoflow" ] || cargo build --release
fi
mkdir "$scratch/home"
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
