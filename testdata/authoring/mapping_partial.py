from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG(dag_id="mapping_partial"):
    BashOperator.partial(task_id="bash", do_xcom_push=False).expand(bash_command=["echo 1", "echo 2"])

# --- what it means ---
# mapping_partial.py line 5: BashOperator.partial() is dynamic task mapping, which dag.json cannot express
# loop in dag.py over a list that is known there, or loop inside one task
