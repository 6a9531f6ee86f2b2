from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
with DAG("default_args_typo", default_args={"retrys": 3}):
    BashOperator(task_id="t", bash_command="true")

# --- what it means ---
# default_args_typo.py line 4: no operator has an argument `retrys`, which `default_args` holds
# did you mean `retries`?
