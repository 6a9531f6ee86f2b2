import random

from airflow.sdk import dag, task
from airflow.utils.trigger_rule import TriggerRule
from airflow.providers.standard.operators.empty import EmptyOperator


@dag(schedule="@daily")
def branch_decorator():
    @task.branch()
    def choose():
        return random.choice(["a", "b"])

    choose() >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")] >> EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)


branch_decorator()

# --- what it means ---
# branch_decorator.py line 10: unsupported decorator `@task.branch`: a branch cannot be expressed in dag.json, and dropping it would run every path
# decide inside a task, or give both paths a task that returns early
