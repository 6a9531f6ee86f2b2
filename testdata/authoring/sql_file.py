from pathlib import Path

from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

SQL = Path(__file__).with_name("sql") / "orders.sql"

with DAG("sql_file", schedule="@daily", default_args={"conn_id": "warehouse"}):
    SQLExecuteQueryOperator(task_id="orders", conn_id="warehouse", sql=SQL.read_text(), split_statements=True,
                            return_last=False, parameters={"day": "{{ ds }}"})

# --- what it means ---
# sql_file.py line 9: `default_args` holds `conn_id`; whether SQLExecuteQueryOperator takes it is not known while dag.py is compiled
# pass `conn_id=…` to the operators that take it
