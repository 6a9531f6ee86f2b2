"""A structural stand-in for Airflow 3: it records what dag.py declares and never runs a task.

sdk          the names that authors import; the older homes of the same names lead there (`_providers`)
_dag         DAG, @dag, TaskGroup; the report
_operators   BaseOperator and the bundled operators
_params      Param, and what a DAG's params declare
_taskflow    @task
_edges       XComArg, `>>`, chain
_binding     call arguments to xcom_input and call_args
_functions   how the pod finds a function
_arguments   which arguments dag.json carries, which mean nothing to it, which are refused
_values      durations, JSON literals, schedules, dates
_providers   capturing modules, moved modules, refused hooks
_report      errors with the author's line
"""

from airflow import _providers

__version__ = "3.0.0"

_providers.install()


def __getattr__(name):
    if name in ("DAG", "Dataset", "Asset", "XComArg"):
        import airflow.sdk

        return getattr(airflow.sdk, name)
    raise AttributeError(f"module 'airflow' has no attribute {name!r}")
