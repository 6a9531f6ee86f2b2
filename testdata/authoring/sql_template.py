from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("sql_template", schedule="@daily", template_searchpath=["/opt/airflow/sql"]):
    SQLExecuteQueryOperator(task_id="orders", conn_id="warehouse", sql="orders.sql")

# --- what it means ---
# sql_template.py line 4: `template_searchpath` of DAG() cannot be expressed in dag.json
# read the file in dag.py: `(Path(__file__).parent / "q.sql").read_text()`
