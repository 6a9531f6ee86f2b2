from pathlib import Path

from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

SQL = Path(__file__).with_name("sql") / "orders.sql"

with DAG("sql_file_inline", schedule="@daily"):
    SQLExecuteQueryOperator(task_id="orders", conn_id="warehouse", sql=SQL.read_text(), split_statements=True,
                            return_last=False, parameters={"day": "{{ ds }}"})

# --- what it means ---
# dag sql_file_inline schedule=@daily
# orders airflow_operator `airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator` operator={"conn_id":"warehouse","parameters":{"day":"{{ ds }}"},"return_last":false,"split_statements":true,"sql":"select * from orders where day = {{ ds }};\n"}
