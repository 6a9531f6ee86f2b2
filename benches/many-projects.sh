#!/usr/bin/env bash
# Deploys a workspace of many projects with shared packages to the sandbox: cold, again, and after an edit of three.
#
#   benches/many-projects.sh [PROJECTS]             LEOFLOW_BIN=…  BENCH_DIRECTORY=…  JOBS=4  WHEELS=40
#
# The packages are WHEELS pure wheels made here, every tenth of them of 3 MB; a project asks for one of ten sets of eight.
# Nothing is fetched from anywhere. Prints wall time, peak memory and blobs; fails unless every distinct blob was uploaded
# once, an unchanged deploy uploads none, and `--changed` finds the three that were edited.
# Needs: apt-get install --no-install-recommends python3 time
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

projects=${1:-200}
jobs=${JOBS:-4}
wheels=${WHEELS:-40}
[ -x "$leoflow" ] || cargo build --release

mkdir "$scratch/wheels" "$scratch/dags"
python3 - "$scratch" "$projects" "$wheels" <<'PYTHON'
import base64, hashlib, os, random, sys, zipfile

scratch, projects, wheels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(1)


def wheel(number):
    name, files = f"shared{number:03}", {}
    size = 3_000_000 if number % 10 == 0 else 20_000
    files[f"{name}/__init__.py"] = b"version = 1\n"
    files[f"{name}/data.bin"] = random.randbytes(size)
    info = f"{name}-1.0.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = "".join(f"{path},sha256={digest(data)},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(f"{scratch}/wheels/{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data)


for number in range(wheels):
    wheel(number)
sets = [sorted(random.sample(range(wheels), min(8, wheels))) for _ in range(10)]
for number in range(projects):
    name = f"dag_{number:03}"
    root = f"{scratch}/dags/team{number % 7}/{name}"
    os.makedirs(f"{root}/sql")
    packages = ", ".join(f"shared{wanted:03}" for wanted in sets[number % 10])
    with open(f"{root}/leoflow.yaml", "w") as file:
        file.write(f'schema_version: "1.0"\ndag_id: {name}\ndependencies: [{packages}]\n')
    with open(f"{root}/sql/query.sql", "w") as file:
        file.write("\n".join(f"select {random.random()} as x{line};" for line in range(400)))
    with open(f"{root}/dag.py", "w") as file:
        file.write(f"""from airflow.sdk import DAG, task

with DAG(dag_id="{name}", schedule="@daily"):
    @task
    def extract():
        return 1

    @task
    def load(rows):
        print(rows)

    load(extract())
""")
PYTHON

# Prints a line, and leaves the result in $scratch/NAME.json: turn NAME ARGUMENTS…
turn() {
    local name=$1
    shift
    "${in_home[@]}" /usr/bin/time --output "$scratch/time" --format '%e %M' "$leoflow" deploy --all "$scratch/dags" \
        --sandbox --jobs "$jobs" --no-index --find-links "$scratch/wheels" --output json "$@" \
        >"$scratch/$name.json" 2>"$scratch/$name.log" || { tail -50 "$scratch/$name.log" >&2; exit 1; }
    python3 - "$name" "$scratch" <<'PYTHON'
import json, sys

name, scratch = sys.argv[1:]
result = json.load(open(f"{scratch}/{name}.json"))
seconds, kib = open(f"{scratch}/time").read().split()
blobs = result["blobs"]
layers = [layer for one in result["results"] for platform in one.get("platforms", []) for layer in platform["layers"]]
made = [layer["digest"] for layer in layers if layer["origin"] == "made"]
phases = ", ".join(f"{phase['phase']} {phase['seconds']:.1f} s" for phase in result["phases"])
print(f"{name}: {float(seconds):.1f} s ({phases}), peak memory {int(kib) / 1024:.0f} MiB, "
      f"{result['deployed']} deployed, {result['unchanged']} unchanged, {result['failed']} failed; "
      f"blobs: {blobs['uploaded']} uploaded, {blobs['mounted']} mounted, {blobs['present']} there; "
      f"layers made: {len(made)}, distinct {len(set(made))}")
assert result["failed"] == 0
assert len(made) == len(set(made)), "a layer was made twice"
PYTHON
}

# How many distinct blobs images have, of bytes that are not the base's: the sandbox keeps one file a repository.
distinct() {
    python3 - "$scratch/cold.json" <<'PYTHON'
import json, sys

result = json.load(open(sys.argv[1]))
layers = {layer["digest"] for one in result["results"] for platform in one["platforms"] for layer in platform["layers"]
          if layer["holds"] != "base"}
print(len(layers) + len(result["results"]))
PYTHON
}

field() { python3 -c 'import json, sys; print(eval("json.load(open(sys.argv[1]))" + sys.argv[2]))' "$scratch/$1.json" "$2"; }

turn cold
uploaded=$(field cold '["blobs"]["uploaded"]')
echo "distinct blobs of the images: $(distinct), uploaded: $uploaded"
turn warm
for number in 000 001 002; do echo '# edited' >>"$(echo "$scratch"/dags/team*/dag_"$number")/dag.py"; done
turn changed --changed
[ "$uploaded" = "$(distinct)" ] && [ "$(field warm '["blobs"]["uploaded"]')" = 0 ] && [ "$(field changed '["deployed"]')" = 3 ]
