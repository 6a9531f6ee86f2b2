"""Fetches rates over HTTP and loads them into Postgres, with the providers' own operators."""

from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Label

SQL = Path(__file__).parent / "sql"

with DAG(
    "provider_operators",
    description="Exchange rates, from HTTP to Postgres",
    schedule="15 */4 * * *",
    start_date=datetime(2025, 1, 1),
    default_args={"owner": "finance", "retries": 3, "retry_delay": timedelta(seconds=30)},
):
    create = PostgresOperator(
        task_id="create_table",
        postgres_conn_id="warehouse",
        sql=(SQL / "create_rates.sql").read_text(),
    )
    fetch = HttpOperator(
        task_id="fetch_rates",
        http_conn_id="rates_api",
        method="GET",
        endpoint="v1/latest",
        headers={"Accept": "application/json"},
    )
    insert = SQLExecuteQueryOperator(
        task_id="insert_rates",
        conn_id="warehouse",
        sql="insert into rates select * from json_populate_recordset(null::rates, %(rates)s)",
        parameters={"rates": "{{ ti.xcom_pull('fetch_rates') }}"},
    )
    done = EmptyOperator(task_id="done")

    [create, fetch] >> Label("both are ready") >> insert >> done
