"""Where Airflow 2 kept the decorators."""

from airflow.sdk import dag, task

__all__ = ["dag", "task"]
