from airflow import DAG
from airflow.operators.python import PythonOperator

# --- what it means ---
# old_import.py line 2: `airflow.operators.python` is gone from Airflow 3
# import from `airflow.providers.standard.operators.python`
