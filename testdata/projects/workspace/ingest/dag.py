"""Brings files in."""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("ingest", schedule="*/10 * * * *"):
    BashOperator(task_id="list_inbox", bash_command="ls") >> BashOperator(
        task_id="move_files", bash_command="echo moved"
    )
