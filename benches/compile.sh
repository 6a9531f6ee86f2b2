#!/usr/bin/env bash
# Measures `leoflow compile`, whole process: 1, 100, 1,000 and 5,000 tasks (with four edges each; 20,000 for the last), by the
# interpreter inside the program and by a CPython of the host (`--python`).
#
#   benches/compile.sh [ROUNDS]                      LEOFLOW_BIN=…  BENCH_DIRECTORY=…  PYTHON=/usr/bin/python3
#
# The tasks come out of a loop (`loop`), or stand one below the other (`lines`). Both backends take turns; wall and CPU time
# are medians. The bounds: at 100 tasks, start-up included, the embedded interpreter takes no longer than CPython; a task of
# 5,000 takes no more than 1.3 of a task of 1,000, start-up (one task) subtracted.
# Needs: apt-get install --no-install-recommends python3
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/common.sh

rounds=${1:-9}
python=$(${PYTHON:-python3} -c 'import sys; print(sys.executable)')
sizes=(1 100 1000 5000)
[ -x "$leoflow" ] || cargo build --release

make_loop() { # TASKS
    cat <<DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task


@task
def count(rows, number):
    return rows


with DAG("compile", schedule="@daily"):
    made = []
    for number in range($1):
        if number % 2:
            made.append(count.override(task_id=f"task_{number}")(made[-1].output, number))
        else:
            made.append(BashOperator(task_id=f"task_{number}", bash_command=f"echo {number}", retries=2))
        for back in range(1, 5 + (number >= $1 - 10)):
            if number >= back:
                made[number - back] >> made[number]
DAG
}

make_lines() { # TASKS
    printf 'from airflow.providers.standard.operators.bash import BashOperator\nfrom airflow.sdk import DAG\n\n'
    printf 'with DAG("compile", schedule="@daily"):\n'
    awk -v tasks="$1" 'BEGIN {
        for (n = 0; n < tasks; n++) {
            printf "    t%d = BashOperator(task_id=\"task_%d\", bash_command=\"echo %d\", retries=2)\n", n, n, n
            list = ""
            for (back = 1; back < 5 + (n >= tasks - 10) && back <= n; back++) list = list "t" (n - back) ", "
            if (list != "") printf "    [%s] >> t%d\n", list, n
        }
    }'
}

# Appends wall and CPU milliseconds of a command to FILE.wall and FILE.cpu: measure FILE COMMAND…
measure() {
    local file=$1 TIMEFORMAT='%R %U %S' real user system
    shift
    { time "$@" >"$scratch/out.json" 2>"$scratch/turn.log"; } 2>"$scratch/time" || { cat "$scratch/turn.log" >&2; exit 1; }
    read -r real user system <"$scratch/time"
    awk -v t="$real" 'BEGIN { print t * 1000 }' >>"$file.wall"
    awk -v u="$user" -v s="$system" 'BEGIN { print (u + s) * 1000 }' >>"$file.cpu"
}

printf '%s, %s, %d rounds, load %s\n' "$("$leoflow" version | head -1)" "$("$python" --version)" "$rounds" "$(cut -d' ' -f1 /proc/loadavg)"
for form in loop lines; do
    for size in "${sizes[@]}"; do
        mkdir -p "$scratch/$form-$size"
        printf 'schema_version: "1.0"\ndag_id: compile\n' >"$scratch/$form-$size/leoflow.yaml"
        "make_$form" "$size" >"$scratch/$form-$size/dag.py"
        for _ in $(seq "$rounds"); do
            compile=("${in_home[@]}" "$leoflow" compile "$scratch/$form-$size" --dag-version 1 --out -)
            measure "$scratch/$form-$size-embedded" "${compile[@]}"
            mv "$scratch/out.json" "$scratch/embedded.json"
            measure "$scratch/$form-$size-python" "${compile[@]}" --python "$python"
            cmp "$scratch/out.json" "$scratch/embedded.json"
        done
        for backend in embedded python; do
            printf '%-5s %5d tasks  %-8s  wall %7.1f ms  cpu %7.1f ms\n' "$form" "$size" "$backend" \
                "$(median "$scratch/$form-$size-$backend.wall")" "$(median "$scratch/$form-$size-$backend.cpu")"
        done
    done
    for clock in wall cpu; do
        of() { median "$scratch/$form-$1.$clock"; }
        awk -v form="$form" -v clock="$clock" -v embedded="$(of 100-embedded)" -v python="$(of 100-python)" \
            -v one="$(of 1-embedded)" -v thousand="$(of 1000-embedded)" -v five="$(of 5000-embedded)" 'BEGIN {
                printf "%-5s %s: 100 tasks, of --python: %.2f; a task of 5,000, of one of 1,000: %.2f\n", form, clock,
                    embedded / python, ((five - one) / 5000) / ((thousand - one) / 1000)
            }'
    done
done
