from datetime import datetime

from airflow.sdk import DAG

dag = DAG("dag_assigned")
dag.schedule = "@daily"
dag.start_date = datetime(2025, 2, 1)
dag.params = {"n": 1}

# --- what it means ---
# dag dag_assigned schedule=@daily start=2025-02-01T00:00:00+00:00 params={"n":{"default":1,"schema":{}}}
