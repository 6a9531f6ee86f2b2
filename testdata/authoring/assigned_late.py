from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG("assigned_late"):
    q = SQLExecuteQueryOperator(task_id="q", conn_id="c", sql="select 1")
    q.sql = "select 2"

# --- what it means ---
# assigned_late.py line 6: `sql` of task `q` is set after it was created
# pass `sql=…` to SQLExecuteQueryOperator()
