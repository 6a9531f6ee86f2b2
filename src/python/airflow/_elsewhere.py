"""Names of Airflow that dag.json cannot express, or that mean something only where Airflow runs.

They import, can be called, subclassed and kept, and are refused by their name where they shape a DAG.
"""

from _leoflow import current_place
from _leoflow_opaque import Opaque, authors_frame, in_class_body_or_decorator

from airflow._edges import Joinable, results_in
from airflow._report import codes, fail

_BY_TIME = "schedule by time (`schedule=\"@daily\"`), or `schedule=None` and trigger the DAG from the one before it"
_INSIDE = "use it inside a function under `@task`"
# ends of names -> (what to do instead); the first that fits
_INSTEAD = {
    "Notifier": "use `alerts.on_failure` in leoflow.yaml",
    "Callback": "use `alerts.on_failure` in leoflow.yaml",
    "Timetable": 'write a cron expression, e.g. `schedule="@daily"`, or `CronTriggerTimetable("0 6 * * *", timezone="UTC")`',
    "Schedule": _BY_TIME,
    "Alias": _BY_TIME,
    "Watcher": _BY_TIME,
    "Mapper": _BY_TIME,
    "Window": _BY_TIME,
    "AssetAll": _BY_TIME,
    "AssetAny": _BY_TIME,
    "AssetAccessControl": _BY_TIME,
    "Policy": "use a constant `retries` and `retry_delay`",
    "Rule": "use a constant `retries` and `retry_delay`",
    "DeadlineAlert": "use `execution_timeout` on the tasks",
    "DeadlineReference": "use `execution_timeout` on the tasks",
    "PriorityWeightStrategy": "use a `pool`",
    "literal": "write the text itself; what Jinja would render goes into `{% raw %}…{% endraw %}`",
}
# What may be made inside a DAG: none of it declares a task.
_KEPT = (*_INSTEAD, "Asset", "Metadata", "Path", "Model", "Mode", "Link", "Cache", "Context", "Param", "Trigger", "Event")


class Elsewhere(Opaque):
    """Such a name, and what came of calling it."""

    def leoflow_shape(self, *arguments, **options):
        name = self._path.partition("(")[0]
        for end, instead in _INSTEAD.items():
            if name.endswith(end) or f"{end}." in name:
                fail(codes.NOT_IN_DAG_JSON, f"`{self._path}` cannot be expressed in dag.json", instead)
        fail(codes.NOT_WHILE_COMPILING, f"`{self._path}` is not available while dag.py is compiled", _INSIDE)

    def _check_call(self, arguments, options):
        """Inside a DAG a call of something unknown may declare a task, which would be dropped in silence."""
        values = [*arguments, *options.values()]
        of_tasks = any(isinstance(value, Joinable) for value in values) or results_in(values)
        if of_tasks or "task_id" in options or _in_open_dag() and not self._path.partition("(")[0].endswith(_KEPT):
            Elsewhere(self._path + "()").leoflow_shape()


def _in_open_dag():
    from airflow._dag import current_dag

    if current_dag() is None:
        return False
    frame = authors_frame()
    return frame is None or not in_class_body_or_decorator(frame, lambda frame: "")


class ParsingContext:
    """What `get_parsing_context()` says when a whole file is read: no DAG and no task in particular."""

    dag_id = None
    task_id = None


class _Asset:
    """`@asset`: a function that is a DAG of its own, run when an asset asks for it."""

    def __call__(self, name=None, **keywords):
        function = name if hasattr(name, "__code__") else None
        if function is not None:
            return _declare(function, function.__name__)
        return lambda function: _declare(function, name or keywords.get("name") or function.__name__)

    def multi(self, **keywords):
        return lambda function: _declare(function, keywords.get("name") or function.__name__)


def _declare(function, dag_id):
    from airflow._dag import refused_dag
    from airflow.sdk import Asset

    refused_dag(dag_id, codes.NOT_IN_DAG_JSON, "`@asset` cannot be expressed in dag.json", "use `@dag` and `@task`")
    return Asset(dag_id)


asset = _Asset()


class _Setup:
    """`@setup` and `@teardown`: a task function that is refused where it is called."""

    def __init__(self, name):
        self.__name__ = name

    def __call__(self, function=None, **keywords):
        if function is None:
            return lambda function: self(function, **keywords)
        place = current_place()

        def refuse():
            fail(
                codes.SETUP_TEARDOWN,
                f"`@{self.__name__}` cannot be expressed in dag.json",
                'use an edge, and `trigger_rule="all_done"` for cleaning up',
                place,
            )

        return refused_factory(function, refuse)


def refused_factory(function, refuse):
    """A task function that is refused where it is used in a DAG; only declared, it costs nothing."""
    from airflow._taskflow import RefusedFactory

    return RefusedFactory(getattr(function, "function", function), refuse)


setup, teardown = _Setup("setup"), _Setup("teardown")


class Text(str):
    """A member of one of Airflow's enumerations of texts."""

    @property
    def value(self):
        return str.__str__(self)

    @property
    def name(self):
        return self.upper()


def texts(name, words):
    return type(name, (), {word.upper(): Text(word) for word in words.split()})
