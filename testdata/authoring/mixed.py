from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator


def _report(path, day, **context):
    print(context["ti"])


with DAG("mixed", schedule="0 4 * * MON-FRI") as dag:
    list_files = BashOperator(task_id="list_files", bash_command="ls", do_xcom_push=True)

    @task(trigger_rule="all_done", pool="small")
    def parse(listing: str, limit: int = 10): ...

    parsed = parse(list_files.output, limit=5)
    report = PythonOperator(task_id="report", python_callable=_report, op_kwargs={"path": parsed, "day": "{{ ds }}"})
    notify = BashOperator(task_id="notify", bash_command=f"echo {list_files.output} {parsed}", env={"DAY": "{{ ds }}"}, append_env=True)
    report >> notify

# --- what it means ---
# dag mixed schedule=0 4 * * MON-FRI
# list_files bash `ls`
# parse python `mixed:parse` after=list_files rule=all_done pool=small xcom={"listing":["list_files"]} args={"limit":5}
# report python `mixed:_report` after=parse xcom={"path":["parse"]} args={"day":"{{ ds }}"}
# notify bash `echo {{ task_instance.xcom_pull(task_ids='list_files', dag_id='mixed', key='return_value') }} {{ task_instance.xcom_pull(task_ids='parse', dag_id='mixed', key='return_value') }}` after=report env={"DAY":"{{ ds }}"}
