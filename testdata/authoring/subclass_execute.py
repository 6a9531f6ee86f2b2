from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG


class Audited(SQLExecuteQueryOperator):
    def execute(self, context):
        print("audit")
        return super().execute(context)


with DAG("subclass_execute"):
    Audited(task_id="q", conn_id="c", sql="select 1")

# --- what it means ---
# subclass_execute.py line 12: `Audited.execute` of task `q` would be dropped: dag.json names the operator that the class extends
# write the work as a function under `@task`, or put the class into a package of providers
