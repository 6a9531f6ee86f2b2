from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
with DAG("dag_positional", "described") as dag:
    pass

# --- what it means ---
# dag_positional.py line 3: DAG() takes its id, and everything else by keyword
# write `DAG("my_dag", schedule="@daily")`
