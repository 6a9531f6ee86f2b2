from datetime import datetime

from airflow.sdk import DAG, task

with DAG(dag_id="example_dynamic_task_mapping", schedule=None, start_date=datetime(2022, 3, 4)) as dag:

    @task
    def add_one(x: int):
        return x + 1

    @task
    def sum_it(values):
        total = sum(values)
        print(f"Total was {total}")

    added_values = add_one.expand(x=[1, 2, 3])
    sum_it(added_values)

# --- what it means ---
# mapping.py line 16: dynamic task mapping (`.partial()`, `.expand()`) cannot be expressed in dag.json
# loop in dag.py over a list that is known there, or loop inside one task
