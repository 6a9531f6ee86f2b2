from airflow.sdk import DAG, Label
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("label_edges") as dag:
    ingest = EmptyOperator(task_id="ingest")
    check = EmptyOperator(task_id="check")
    save = EmptyOperator(task_id="save")
    report = EmptyOperator(task_id="report", trigger_rule="one_failed")
    ingest >> check
    check >> Label("No errors") >> save
    check >> Label("Errors found") >> [report]
    [save, report] << Label("late") << ingest

# --- what it means ---
# dag label_edges
# ingest airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator`
# check airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=ingest
# save airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=check,ingest
# report airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=check,ingest rule=one_failed
