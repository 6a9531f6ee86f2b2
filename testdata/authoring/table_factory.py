from datetime import datetime

from airflow.sdk import DAG, task
from common.settings import DEFAULT_ARGS, TABLES
from common import steps


def build(table, schedule):
    with DAG(dag_id=f"load_{table}", schedule=schedule, start_date=datetime(2024, 1, 1), default_args=DEFAULT_ARGS) as d:
        @task(task_id="copy")
        def copy(name):
            return steps.copy_table(name)

        copy(table)
    return d


for name, schedule in zip(TABLES, ["@daily", "@hourly"]):
    globals()[f"load_{name}"] = build(name, schedule)

# --- what it means ---
# dag load_orders schedule=@daily start=2024-01-01T00:00:00+00:00 owner=data
# copy python `table_factory:copy` retries=2 delay=300 args={"name":"orders"}
# dag load_customers schedule=@hourly start=2024-01-01T00:00:00+00:00 owner=data
# copy python `table_factory:copy` retries=2 delay=300 args={"name":"customers"}
