from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG


class DbtOperator(BashOperator):
    def __init__(self, command: str, **kwargs):
        super().__init__(bash_command=f"dbt {command}", **kwargs)


with DAG("subclass_bash"):
    DbtOperator(task_id="run", command="run") >> DbtOperator(task_id="test", command="test", retries=2)

# --- what it means ---
# dag subclass_bash
# run bash `dbt run`
# test bash `dbt test` after=run retries=2
