from datetime import datetime

from airflow.sdk import DAG, task
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator


def alert(context):
    print(context)


with DAG("callbacks", default_args={"on_failure_callback": alert, "owner": "ops"}, start_date=datetime(2025, 1, 1)):
    @task(on_failure_callback=[alert])
    def t(): ...

    t() >> SQLExecuteQueryOperator(task_id="q", conn_id="c", sql="select 1")

# --- what it means ---
# dag callbacks start=2025-01-01T00:00:00+00:00 owner=ops
# t python `callbacks:t` callback=true
# q airflow_operator `airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator` after=t operator={"conn_id":"c","sql":"select 1"} callback=true
