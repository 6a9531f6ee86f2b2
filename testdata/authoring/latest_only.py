from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.sdk import DAG
with DAG("latest_only"):
    LatestOnlyOperator(task_id="latest")

# --- what it means ---
# latest_only.py line 4: unsupported operator `LatestOnlyOperator`: it skips tasks, which cannot be expressed in dag.json
# compare dates inside the task
