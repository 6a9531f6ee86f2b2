"""The names that authors of Airflow 3 DAGs import."""

from airflow._bundled import BashOperator, EmptyOperator, PythonOperator
from airflow._dag import DAG, Param, dag
from airflow._edges import Label, XComArg, chain, chain_linear, cross_downstream
from airflow._groups import TaskGroup, task_group
from airflow._operators import BaseOperator
from airflow._report import codes, fail
from airflow._taskflow import task
from _leoflow_refused import Name as _Name
from _leoflow_suggest import nearest

ParamsDict = dict


class AirflowException(Exception):
    """Raised inside tasks."""


class AirflowFailException(AirflowException):
    """Fails a task without a retry."""


class AirflowSkipException(AirflowException):
    """Skips a task."""


class AirflowNotFoundException(AirflowException):
    """A connection or variable is missing."""


class TriggerRule:
    """The rules; which of them dag.json carries is checked where the DAG is compiled."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_SKIPPED = "none_skipped"
    ALWAYS = "always"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    ALL_SKIPPED = "all_skipped"


class _RunTimeOnly:
    """Something that the control plane gives to a running task."""

    def __init__(self, name, help):
        self._name = name
        self._help = help

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return lambda *arguments, **keywords: self(attribute)

    def __call__(self, attribute=None, *arguments, **keywords):
        shown = f"{self._name}.{attribute}" if isinstance(attribute, str) and attribute.isidentifier() else self._name
        fail(
            codes.NOT_WHILE_COMPILING,
            f"{shown}() is not available while dag.py is compiled: values are delivered when the task runs",
            self._help,
        )


Variable = _RunTimeOnly(
    "Variable",
    "read it inside a function under `@task`, or in a templated argument write `{{ var.value.name }}`; declare its name "
    "under `variables:` in leoflow.yaml",
)
Connection = _RunTimeOnly(
    "Connection",
    "read it inside a function under `@task`; declare its name under `connections:` in leoflow.yaml",
)


def get_current_context():
    fail(
        codes.NOT_WHILE_COMPILING,
        "get_current_context() is not available while dag.py is compiled",
        "call it inside a function under `@task`",
    )


class _Timetable:
    def __init__(self, cron, *, timezone=None, **keywords):
        for name, value in keywords.items():
            if value not in (None, False):
                fail(
                    codes.UNSUPPORTED_SCHEDULE,
                    f"`{name}` of {type(self).__name__}() cannot be expressed in dag.json",
                    "give it the cron expression and the `timezone` only",
                )
        self.summary = cron
        self.timezone = timezone


class CronTriggerTimetable(_Timetable):
    """Runs at the times of a cron expression."""


class CronDataIntervalTimetable(_Timetable):
    """Runs after each interval of a cron expression."""


class DeltaTriggerTimetable:
    """Has no cron expression, so a DAG that uses it is refused."""

    def __init__(self, delta, *arguments, **keywords):
        fail(
            codes.UNSUPPORTED_SCHEDULE,
            "a timetable of a timedelta cannot be expressed in dag.json",
            'write a cron expression, e.g. `schedule="@daily"`',
        )


DeltaDataIntervalTimetable = DeltaTriggerTimetable


def datetime(*arguments, **keywords):
    """`airflow.utils.timezone.datetime`: in UTC."""
    from datetime import datetime, timezone

    return datetime(*arguments, tzinfo=timezone.utc, **keywords)


def utcnow():
    from datetime import datetime, timezone

    return datetime.now(timezone.utc)


def parse(text, timezone=None):
    from datetime import datetime

    return datetime.fromisoformat(text)


class Asset:
    """Known only to be refused as a schedule or an outlet."""

    def __init__(self, name=None, uri=None, **keywords):
        self.name = name or uri
        self.uri = uri or name


Dataset = Asset


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    from airflow._bundled import REFUSED_CLASSES

    if name in REFUSED_CLASSES:
        return REFUSED_CLASSES[name]
    if name in _RUN_TIME:
        return _Name("airflow.sdk." + name)
    if name.startswith("Airflow") or name == "TaskDeferred":
        return globals().setdefault(name, type(name, (AirflowException,), {}))
    if name in _REFUSED_NAMES:
        fail(codes.NOT_IN_DAG_JSON, f"`airflow.sdk.{name}` cannot be expressed in dag.json", _REFUSED_NAMES[name])
    meant = nearest(name, [*globals(), *REFUSED_CLASSES, *_REFUSED_NAMES, *_RUN_TIME])
    fail(
        codes.NOT_IN_AIRFLOW,
        f"ImportError: `airflow.sdk` has no `{name}`",
        f"did you mean `{meant}`?" if meant else "operators come from `airflow.providers.<provider>.operators`",
    )


# Imported for tasks and annotations; they mean nothing before a task runs.
_RUN_TIME = frozenset("""
    BaseHook BaseXCom Context DagRun DagRunState Metadata ObjectStoragePath PokeReturnValue State TaskInstance
    TaskInstanceState WeightRule XCom conf get_parsing_context macros
    """.split())
_REFUSED_NAMES = {
    "asset": "use `@dag` and `@task`",
    "AssetAlias": "schedule by time",
    "AssetWatcher": "schedule by time",
    "setup": 'use an edge, and `trigger_rule="all_done"` for cleaning up',
    "teardown": 'use an edge, and `trigger_rule="all_done"` for cleaning up',
    "BaseSensorOperator": "poll inside a `@task`, with `retries` and `execution_timeout`",
    "BaseNotifier": "use `alerts.on_failure` in leoflow.yaml",
}

__all__ = [
    "DAG",
    "Asset",
    "BaseOperator",
    "BashOperator",
    "EmptyOperator",
    "Label",
    "Param",
    "PythonOperator",
    "TaskGroup",
    "TriggerRule",
    "Variable",
    "XComArg",
    "chain",
    "chain_linear",
    "cross_downstream",
    "dag",
    "task",
    "task_group",
]
