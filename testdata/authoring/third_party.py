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
# add `dependencies: [requests]` to leoflow.yaml if it is a package; a module of yours has to lie beside dag.py
