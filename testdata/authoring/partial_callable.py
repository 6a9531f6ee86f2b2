from functools import partial

from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator


def run(a, b): ...


with DAG("partial_callable"):
    PythonOperator(task_id="t", python_callable=partial(run, 1), op_args=[2])

# --- what it means ---
# partial_callable.py line 11: `python_callable` of `t` is a partial; the pod finds a function by its name
# write a function with `def`
