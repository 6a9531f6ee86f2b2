from datetime import datetime

from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

dag = DAG(dag_id="dag_attributes", start_date=datetime(2025, 1, 1))
dag.doc_md = """docs"""
dag.tags = {"late"}
dag.catchup = True
a = EmptyOperator(task_id="a", dag=dag)
a.retries = 5
b = EmptyOperator(task_id="b", dag=dag)
b.trigger_rule = "all_done"
b.set_upstream(a)

# --- what it means ---
# dag dag_attributes start=2025-01-01T00:00:00+00:00 tags=late catchup=true
# a airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` retries=5
# b airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=a rule=all_done
