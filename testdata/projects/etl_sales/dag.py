"""Every morning: read the orders, sum them by product, print the report."""

from datetime import datetime, timedelta

from airflow.sdk import dag, task

import orders
import report


@task(retries=2, retry_delay=timedelta(minutes=1))
def extract() -> list:
    return orders.read()


@task
def transform(rows: list, currency: str) -> dict:
    return orders.total_by_product(rows, currency)


@task(execution_timeout=timedelta(minutes=5))
def load(totals: dict, title: str) -> str:
    return report.publish(totals, title)


@dag(schedule="0 6 * * *", start_date=datetime(2025, 1, 1), tags=["sales", "demo"])
def etl_sales():
    totals = transform(extract(), currency="EUR")
    load(totals, title="Sales by product")


etl_sales()
