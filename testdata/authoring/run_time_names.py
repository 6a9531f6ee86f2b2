from __future__ import annotations

from typing import Optional

from airflow.exceptions import AirflowException, AirflowSensorTimeout, AirflowTaskTimeout
from airflow.sdk import BaseHook, Context, ObjectStoragePath, TaskInstance, dag, get_current_context, macros, task
from airflow.sdk.definitions.context import Context as C2
from airflow.utils.context import Context as C3
from airflow.utils.state import State, TaskInstanceState

Callback = Optional[Context]


class Failed(AirflowException): ...


def on_failure(context: Context | None) -> None:
    BaseHook.get_connection("slack")


@task(on_failure_callback=on_failure)
def read(path: str) -> None:
    raise AirflowTaskTimeout


@dag
def run_time_names():
    read("s3://bucket/key")


run_time_names()

# --- what it means ---
# dag run_time_names
# read python `run_time_names:read` args={"path":"s3://bucket/key"} callback=true
