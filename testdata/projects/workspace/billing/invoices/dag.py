"""Writes invoices."""

from airflow.sdk import dag, task


@task
def collect(month: str) -> list:
    return [{"customer": 1, "month": month}]


@task
def send(invoices: list):
    print(f"{len(invoices)} sent")


@dag(schedule="0 8 1 * *")
def invoices():
    send(collect("2025-01"))


invoices()
