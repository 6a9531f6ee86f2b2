"""Three sources, a model and a report, in task groups."""

from datetime import datetime

from airflow.providers.postgres.operators.postgres import PostgresOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup, chain, task


@task(retries=2)
def extract(source: str) -> str:
    return f"/data/{source}.csv"


@task
def validate(path: str) -> str:
    return path


def table(task_id: str) -> PostgresOperator:
    return PostgresOperator(task_id=task_id, postgres_conn_id="warehouse", sql=f"call build_{task_id}()")


with DAG("orders_mart", schedule="0 5 * * *", start_date=datetime(2025, 1, 1)):
    start = BashOperator(task_id="start", bash_command="echo {{ ds }}")

    staged = {}
    with TaskGroup("ingest") as ingest:
        for source in ["customers", "orders", "returns"]:
            with TaskGroup(source):
                staged[source] = table("stage")
                validate(extract(source)) >> staged[source]

    with TaskGroup("model"):
        customers, orders, returns = table("dim_customers"), table("fact_orders"), table("fact_returns")
        staged["customers"] >> customers
        [customers, staged["orders"]] >> orders
        [orders, staged["returns"]] >> returns

    with TaskGroup("report") as report:
        render = BashOperator(task_id="render", bash_command="make report")
        mail = BashOperator(task_id="mail", bash_command="make mail")
        publish = BashOperator(task_id="publish", bash_command="make publish")
        render >> [mail, publish]

    archive = BashOperator(task_id="archive", bash_command="make archive")
    clean_up = BashOperator(task_id="clean_up", bash_command="rm -rf /data/*", trigger_rule="all_done")

    start >> ingest
    chain([orders, returns], render)
    list(staged.values()) >> archive
    [mail, publish, archive] >> clean_up
