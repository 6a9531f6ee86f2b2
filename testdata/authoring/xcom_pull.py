from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator

with DAG("xcom_pull"):
    push = BashOperator(task_id="push", bash_command="echo 1")
    BashOperator(task_id="pull", bash_command="echo {{ ti.xcom_pull(task_ids='push') }}").set_upstream([push])

# --- what it means ---
# dag xcom_pull
# push bash `echo 1`
# pull bash `echo {{ ti.xcom_pull(task_ids='push') }}` after=push
