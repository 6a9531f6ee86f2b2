"""The style from before TaskFlow: operators that name their DAG, joined by set_upstream and set_downstream."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from inventory import count, warn

default_args = {
    "owner": "warehouse",
    "depends_on_past": False,
    "email_on_failure": False,
    "email_on_retry": False,
    "retries": 2,
    "retry_delay": timedelta(minutes=5),
}

dag = DAG(
    "classic_operators",
    default_args=default_args,
    schedule="@daily",
    start_date=datetime(2025, 1, 1),
    catchup=False,
    tags=["stock"],
)

begin = BashOperator(task_id="begin", bash_command="echo counting", dag=dag)
count_stock = PythonOperator(
    task_id="count_stock", python_callable=count, op_args=["main"], op_kwargs={"least": 10}, dag=dag
)
warn_buyers = PythonOperator(
    task_id="warn_buyers",
    python_callable=warn,
    op_kwargs={"missing": count_stock.output},
    execution_timeout=timedelta(minutes=2),
    dag=dag,
)
archive = BashOperator(task_id="archive", bash_command="echo archived", dag=dag)

count_stock.set_upstream(begin)
count_stock.set_downstream([warn_buyers, archive])
