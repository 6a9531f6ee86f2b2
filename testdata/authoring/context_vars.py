from airflow.sdk import DAG, get_current_context, task
from airflow.exceptions import AirflowFailException, AirflowSkipException

with DAG("context_vars", schedule="@once"):
    @task(retries=0)
    def show(ds=None, ti=None, **kwargs):
        context = get_current_context()
        raise AirflowSkipException

    show()

# --- what it means ---
# dag context_vars schedule=@once
# show python `context_vars:show` retries=0
