# What the comparisons share; they source it after `set -euo pipefail` and `cd`ing to the repository.
# shellcheck shell=bash

scratch=$(mktemp -d "${BENCH_DIRECTORY:-/tmp}/leoflow-bench.XXXXXX")
mkdir "$scratch/home"
servers=()
in_home=(env -i HOME="$scratch/home" PATH=/usr/bin:/bin)
leoflow=${LEOFLOW_BIN:-$PWD/target/release/leoflow}

finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    wait || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM

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

# Starts an empty docker-registry and leaves its address in $address: serve_registry NAME
serve_registry() {
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:0"}\n' \
        "$scratch/$1" >"$scratch/$1.yml"
    serve "$1" 'listening on 127' docker-registry serve "$scratch/$1.yml"
    address=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' "$scratch/$1.log")
}

# Ends the server that was started last, and frees what a registry kept: drop_last NAME
drop_last() {
    kill "${servers[-1]}"
    wait "${servers[-1]}" || true
    unset 'servers[-1]'
    rm -rf "${scratch:?}/$1"
}

# Starts the control plane's stand-in, logs in, and leaves its URL in $control_plane.
serve_control_plane() {
    [ -x "$leoflow" ] || cargo build --release
    serve sandbox 'http://127' "${in_home[@]}" "$leoflow" sandbox
    control_plane=$(grep -m1 -o 'http://127[0-9.:]*' "$scratch/sandbox.log")
    "${in_home[@]}" "$leoflow" auth login --server "$control_plane" --username bench --password-stdin <<<bench 2>/dev/null
}

# Copies the base of the end-to-end tests to a registry: put_base REFERENCE
put_base() {
    local layout
    layout=$(tests/e2e/base/build.sh target/tmp/e2e)
    skopeo --insecure-policy copy --quiet --all --dest-tls-verify=false "oci:$layout:base" "docker://$1"
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

# Makes the smallest project there is in $scratch: project NAME
project() {
    mkdir -p "$scratch/$1/data"
    printf 'schema_version: "1.0"\ndag_id: %s\n' "$1" >"$scratch/$1/leoflow.yaml"
    cat >"$scratch/$1/dag.py" <<'DAG'
from airflow.sdk import DAG, task


@task
def extract():
    return 1


with DAG(dag_id="NAME", schedule=None):
    extract()
DAG
    sed -i "s/NAME/$1/" "$scratch/$1/dag.py"
}

# Prints how many milliseconds a command takes; what it says is shown when it fails: milliseconds COMMAND…
milliseconds() {
    local start end
    start=$(date +%s%N)
    "$@" >"$scratch/turn.log" 2>&1 || { cat "$scratch/turn.log" >&2; return 1; }
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }
