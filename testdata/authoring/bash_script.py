from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("bash_script") as dag:
    a = BashOperator(task_id="as_template", bash_command="scripts/backup.sh")
    b = BashOperator(task_id="as_command", bash_command="bash scripts/backup.sh ")
    a >> b

# --- what it means ---
# dag bash_script
# as_template bash `#!/usr/bin/env bash
# set -e
# echo {{ ds }}
# `
# as_command bash `bash scripts/backup.sh ` after=as_template
