from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

with DAG("trigger_dagrun"):
    TriggerDagRunOperator(task_id="trigger", trigger_dag_id="other", conf={"message": "Hello"}, wait_for_completion=False)

# --- what it means ---
# dag trigger_dagrun
# trigger airflow_operator `airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator` operator={"conf":{"message":"Hello"},"trigger_dag_id":"other","wait_for_completion":false}
