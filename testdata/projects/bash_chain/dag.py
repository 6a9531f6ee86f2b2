"""Commands one after the other; the last one cleans up whatever happened."""

from datetime import datetime
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TriggerRule, chain

STEPS = Path(__file__).parent / "steps.txt"

with DAG("bash_chain", schedule="@hourly", start_date=datetime(2025, 1, 1), default_args={"retries": 1}) as dag:
    steps = [
        BashOperator(task_id=line.split()[0], bash_command=line, env={"LC_ALL": "C.UTF-8"})
        for line in STEPS.read_text().splitlines()
    ]
    clean_up = BashOperator(task_id="clean_up", bash_command="rm -rf /tmp/chain", trigger_rule=TriggerRule.ALL_DONE)
    chain(*steps, clean_up)
