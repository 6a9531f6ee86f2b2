from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG


class Counted(SQLExecuteQueryOperator):
    ui_color = "#e4f0e8"

    def __init__(self, table: str, **kwargs):
        super().__init__(sql=f"select count(*) from {table}", conn_id="c", **kwargs)
        self.table = table


with DAG("subclass_attributes"):
    q = Counted(task_id="q", table="orders")
    q.retries = 2

# --- what it means ---
# dag subclass_attributes
# q airflow_operator `airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator` retries=2 operator={"conn_id":"c","sql":"select count(*) from orders"}
