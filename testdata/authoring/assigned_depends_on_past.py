from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("assigned_depends_on_past"):
    t = EmptyOperator(task_id="t")
    t.depends_on_past = True

# --- what it means ---
# assigned_depends_on_past.py line 6: `depends_on_past` of task `t` cannot be expressed in dag.json
# say `max_active_runs=1` on the DAG, or check the previous run inside the task
