from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG


class WarehouseOperator(SQLExecuteQueryOperator):
    def __init__(self, **kwargs):
        super().__init__(conn_id="warehouse", **kwargs)


with DAG("subclass_provider"):
    WarehouseOperator(task_id="q", sql="select 1")

# --- what it means ---
# dag subclass_provider
# q airflow_operator `airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator` operator={"conn_id":"warehouse","sql":"select 1"}
