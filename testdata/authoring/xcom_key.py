from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, XComArg, task

with DAG("xcom_key"):
    @task
    def use(value): ...

    use(XComArg(BashOperator(task_id="b", bash_command="true"), key="other"))

# --- what it means ---
# xcom_key.py line 8: one key of a result (`b['other']`) cannot be expressed in dag.json
# pass the whole result and write `['other']` inside the task that takes it
