import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from airflow import DAG
from airflow.providers.standard.operators.python import PythonOperator

from common.steps import copy_table
import common.settings as cfg

dag = DAG("sibling_callable", default_args=cfg.DEFAULT_ARGS, schedule="@weekly", catchup=False)
tasks = [
    PythonOperator(task_id=f"copy_{t}", python_callable=copy_table, op_args=[t], op_kwargs={"mode": "overwrite"}, dag=dag)
    for t in cfg.TABLES
]
for first, second in zip(tasks, tasks[1:]):
    first.set_downstream(second)

# --- what it means ---
# dag sibling_callable schedule=@weekly owner=data
# copy_orders python `sibling_callable:copy_table` retries=2 delay=300 args={"mode":"overwrite","table":"orders"}
# copy_customers python `sibling_callable:copy_table` after=copy_orders retries=2 delay=300 args={"mode":"overwrite","table":"customers"}
