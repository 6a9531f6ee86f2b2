import requests
import pandas as pd

from airflow.sdk import DAG, task

with DAG("third_party"):
    @task
    def pull():
        return requests.get("https://example.com").json()
    pull()

# --- what it means ---
# third_party.py line 1: ModuleNotFoundError: No module named 'requests'
# packages are not installed while dag.py is compiled: write `import requests` inside the function under `@task` that uses it, and name the package under `dependencies:`; a module of yours must lie beside dag.py
