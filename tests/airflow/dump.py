"""Executed by a Python that has Apache Airflow: DAG files in, what Airflow makes of each as JSON out, on stdout.

`dump.py FILE…` prints `{"s1": {"dag_0": {…}}, "s2": {"error": "…"}}`: the fields that dag.json carries, defaults filled in.
"""

import importlib.util
import inspect
import json
import logging
import os
import sys

logging.disable(logging.CRITICAL)

from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext
from airflow.sdk.definitions._internal.types import NOTSET
from airflow.sdk.definitions.xcom_arg import XComArg


def load(path):
    name = os.path.basename(path)[:-3]
    DagContext.autoregistered_dags.clear()
    DagContext.current_autoregister_module_name = name
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    named = [value for value in vars(module).values() if isinstance(value, DAG)]
    dags = {dag.dag_id: dag for dag in named + [dag for dag, _ in DagContext.autoregistered_dags]}
    for dag in dags.values():
        dag.check_cycle()
    return {dag_id: of_dag(dag) for dag_id, dag in dags.items() if dag.tasks}


def of_dag(dag):
    return {
        "description": dag.description,
        "owner": dag.default_args.get("owner"),
        "tags": sorted(dag.tags),
        "schedule": schedule(dag),
        "start_date": seconds(dag.start_date or dag.default_args.get("start_date")),
        "end_date": seconds(dag.end_date),
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": dag.max_active_tasks,
        "catchup": dag.catchup,
        "params": {name: param(dag.params.get_param(name)) for name in dag.params},
        "tasks": {task.task_id: of_task(task) for task in dag.tasks},
    }


def schedule(dag):
    """The expression, and the zone in which it is read."""
    value = dag.schedule
    if value is None or isinstance(value, str):
        return [value, str(dag.timezone) if value is not None else None]
    return [value.expression, str(value.timezone)]


def seconds(date):
    return None if date is None else int(date.timestamp())


def param(param):
    schema = {key: value for key, value in param.schema.items()}
    if param.description is not None:
        schema["description"] = param.description
    default = {} if param.value is NOTSET else {"default": param.value}
    return json.loads(json.dumps({**default, "schema": schema}))


def of_task(task):
    return {
        "depends_on": sorted(task.upstream_task_ids),
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "pool": task.pool,
        "retries": task.retries,
        "retry_delay_seconds": int(task.retry_delay.total_seconds()),
        "execution_timeout_seconds": int(task.execution_timeout.total_seconds()) if task.execution_timeout else None,
        "does": does(task),
    }


def does(task):
    if hasattr(task, "bash_command"):
        return {"command": task.bash_command, "env": task.env or {}}
    function = getattr(task, "python_callable", None)
    if function is None:
        return {}
    bound = inspect.signature(function).bind_partial(*task.op_args, **task.op_kwargs).arguments
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            bound.update(bound.pop(parameter.name, {}))
    return {"function": function.__name__, "arguments": {name: argument(value) for name, value in bound.items()}}


def argument(value):
    if isinstance(value, XComArg):
        return {"results": [value.operator.task_id]}
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, XComArg) for item in value):
        return {"results": [item.operator.task_id for item in value]}
    try:
        return {"literal": json.loads(json.dumps(value))}
    except TypeError:
        return {"mixed": True}


if __name__ == "__main__":
    answers = {}
    for path in sys.argv[1:]:
        try:
            answers[os.path.basename(path)[:-3]] = load(path)
        except Exception as error:
            answers[os.path.basename(path)[:-3]] = {"error": f"{type(error).__name__}: {error}"[:200]}
    json.dump(answers, sys.stdout, indent=0, sort_keys=True)
