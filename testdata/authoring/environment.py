import os

from airflow.sdk import DAG, task

ENV = os.environ.get("ENVIRONMENT", "dev")
SCHEDULE = "@daily" if ENV == "prod" else None

with DAG(f"environment_{ENV}", schedule=SCHEDULE):
    @task
    def t(): ...
    t()

# --- what it means ---
# dag environment_dev
# t python `environment:t`
