"""The operators: bash, python and empty, which Airflow bundles; the captured ones of providers; and the refused."""

import sys

from _leoflow import host_look, host_read

from airflow import _values
from airflow._binding import bind, split
from airflow._edges import XComArg
from airflow._functions import entry_point
from airflow._operators import BaseOperator
from airflow._report import codes, fail


class BashOperator(BaseOperator):
    """`bash_command` becomes the entry point."""

    _kind = "bash"
    _own = frozenset("bash_command env append_env cwd skip_on_exit_code output_encoding output_processor".split())
    _fixed = {
        "cwd": "write `cd DIR && …` in the command",
        "skip_on_exit_code": "exit 0 to succeed; skipping cannot be expressed",
        "output_processor": "process the output in the command",
    }

    def _take_own(self, own):
        self.bash_command = own.pop("bash_command", None)
        if isinstance(self.bash_command, XComArg):
            fail(
                codes.BASH_COMMAND,
                f"`bash_command` of `{self.task_id}` is a task's result; dag.json takes the command itself",
                f"write `\"{{{{{{{{ ti.xcom_pull('{self.bash_command.operator.task_id}') }}}}}}}}\"` in the command",
            )
        if not isinstance(self.bash_command, str) or not self.bash_command.strip():
            fail(
                codes.BASH_COMMAND,
                f"`bash_command` of `{self.task_id}` is not a command",
                'write `bash_command="echo hello"`',
            )
        self.bash_command = _script(str.__str__(self.bash_command))
        self.env = _environment(own.pop("env", None), self.task_id)
        own.pop("append_env", None)  # The pod's environment is always there; `env` adds to it.
        if own.pop("output_encoding", "utf-8") not in ("utf-8", "utf8"):
            fail(
                codes.UNSUPPORTED_ARGUMENT,
                f"`output_encoding` of `{self.task_id}` cannot be expressed in dag.json",
                "write UTF-8",
            )
        if own.get("skip_on_exit_code") in (99, None):
            own.pop("skip_on_exit_code", None)
        for name, value in own.items():
            if value is not None:
                fail(
                    codes.UNSUPPORTED_ARGUMENT,
                    f"`{name}` of `{self.task_id}` cannot be expressed in dag.json",
                    self._fixed[name],
                )
        if self.on_failure_callback:
            fail(
                codes.UNSUPPORTED_ARGUMENT,
                f"`on_failure_callback` of the bash task `{self.task_id}` cannot be expressed in dag.json",
                "use `alerts.on_failure` in leoflow.yaml, or write the task as a function under `@task`",
            )

    def _own_report(self):
        return {"entrypoint": self.bash_command, "env": self.env}


def _script(command):
    """A command that is the path of a script stands for its text: Airflow renders such a file as a template."""
    if not command.endswith((".sh", ".bash")) or any(c.isspace() for c in command):
        return command
    path = sys.path[0] + "/" + command
    return host_read(path).decode() if host_look(path) == "file" else command


def _environment(env, task_id):
    if env is None:
        return {}
    if not isinstance(env, dict):
        fail(
            codes.BAD_ARGUMENT,
            f"`env` of `{task_id}` is {_values.describe(env)}; it takes a dict of strings",
            'write `env={"NAME": "value"}`',
        )
    for name, value in env.items():
        if not isinstance(name, str) or not isinstance(value, str):
            what = _values.describe(value)
            fail(
                codes.BAD_ARGUMENT,
                f"`env` of `{task_id}` has {what} as `{name}`; it takes strings",
                f'write `"{name}": str(…)`' if not isinstance(value, XComArg) else "read the result in a `@task`",
            )
    return {str.__str__(name): str.__str__(value) for name, value in env.items()}


_TEMPLATES_HELP = "pass the text as an argument of the function, which renders what it needs from its context"


class PythonOperator(BaseOperator):
    """`python_callable` becomes the entry point; its arguments are bound to its parameters."""

    _kind = "python"
    _own = frozenset(
        "python_callable op_args op_kwargs templates_dict templates_exts show_return_value_in_logs".split()
    )

    def _take_own(self, own):
        function = own.pop("python_callable", None)
        for name in ("templates_dict", "templates_exts"):
            if own.get(name):
                fail(
                    codes.UNSUPPORTED_ARGUMENT,
                    f"`{name}` of `{self.task_id}` cannot be expressed in dag.json",
                    _TEMPLATES_HELP,
                )
        self._set_function(function, own.get("op_args") or (), own.get("op_kwargs") or {})

    def _set_function(self, function, arguments, keywords, complete=True):
        self.function = _plain_function(function, self.task_id)
        if not isinstance(arguments, (list, tuple)) or not isinstance(keywords, dict):
            fail(
                codes.BAD_ARGUMENT,
                f"`op_args` of `{self.task_id}` takes a list, `op_kwargs` a dict",
                'write `op_args=[1, 2]`, or by name: `op_kwargs={"name": 1}`',
            )
        bound = bind(self.function, arguments, keywords, self.task_id, complete)
        self.xcom_input, self.call_args = split(bound, self.task_id)

    def _own_report(self):
        return {
            "entrypoint": entry_point(self.function, self),
            "xcom_input": _task_ids(self.xcom_input),
            "call_args": self.call_args,
        }


def _task_ids(xcom_input):
    return {name: [result.operator.task_id for result in results] for name, results in xcom_input.items()}


def _plain_function(function, task_id):
    from airflow._taskflow import TaskFactory

    if isinstance(function, TaskFactory):
        fail(
            codes.BAD_ARGUMENT,
            f"`python_callable` of `{task_id}` is already a task (`@task`)",
            "call it, or take the decorator off",
        )
    if not callable(function):
        fail(
            codes.BAD_ARGUMENT,
            f"`python_callable` of `{task_id}` is {_values.describe(function)}; it takes a function",
            "write a function with `def`, and pass its name without `()`",
        )
    if not hasattr(function, "__code__") or not hasattr(function, "__name__"):
        fail(
            codes.FUNCTION_NOT_FOUND,
            f"`python_callable` of `{task_id}` is {_values.describe(function)}; the pod finds a function by its name",
            "write a function with `def`",
        )
    if function.__name__ == "<lambda>":
        fail(
            codes.FUNCTION_NOT_FOUND,
            f"`python_callable` of `{task_id}` is a lambda; the pod finds a function by its name",
            "write a function with `def`",
        )
    return function


class CapturedOperator(BaseOperator):
    """An operator of a provider: its class path and its keyword arguments travel as they are."""

    _kind = "airflow_operator"
    _class_path = ""

    def _takes(self, name):
        return True

    def _carries(self, name):
        """A class of the author's own may keep what it likes in itself."""
        return name in self.operator_args or name in self.xcom_input or "_class_path" in vars(type(self))

    def _unknown_default(self, name):
        fail(
            codes.UNKNOWN_ARGUMENT,
            f"`default_args` holds `{name}`; whether {self._name()} takes it is not known while dag.py is compiled",
            f"pass `{name}=…` to the operators that take it",
        )

    def _take_own(self, own):
        self.xcom_input, self.operator_args = split(own, self.task_id)

    def _own_report(self):
        return {
            "operator_class": self._class_path,
            "operator_args": self.operator_args,
            "xcom_input": _task_ids(self.xcom_input),
        }


class EmptyOperator(CapturedOperator):
    """A join or a marker. dag.json has no type for it; the bundled operator itself does nothing, so it is carried."""

    _class_path = "airflow.providers.standard.operators.empty.EmptyOperator"

    def _takes(self, name):
        return False

    def _unknown_default(self, name):
        pass


def _refused_operator(name, why, help):
    def _declare(self, keywords):
        fail(codes.UNSUPPORTED_OPERATOR, f"unsupported operator `{name}`: {why}", help)

    return type(name, (BaseOperator,), {"_declare": _declare, "__module__": "airflow._bundled"})


_BRANCH = "a branch cannot be expressed in dag.json, and dropping it would run every path"
_BRANCH_HELP = "decide inside a task, or give both paths a task that returns early"
_ISOLATED_HELP = "name the packages under `dependencies:` in leoflow.yaml and use `@task`"

REFUSED = {
    "BranchPythonOperator": (_BRANCH, _BRANCH_HELP),
    "BranchPythonVirtualenvOperator": (_BRANCH, _BRANCH_HELP),
    "BranchExternalPythonOperator": (_BRANCH, _BRANCH_HELP),
    "BaseBranchOperator": (_BRANCH, _BRANCH_HELP),
    "BranchDateTimeOperator": (_BRANCH, _BRANCH_HELP),
    "BranchDayOfWeekOperator": (_BRANCH, _BRANCH_HELP),
    "ShortCircuitOperator": (
        "a short circuit cannot be expressed in dag.json, and dropping it would run every task",
        _BRANCH_HELP,
    ),
    "PythonVirtualenvOperator": ("every task runs in the DAG's own image", _ISOLATED_HELP),
    "ExternalPythonOperator": ("every task runs in the DAG's own image", _ISOLATED_HELP),
    "LatestOnlyOperator": ("it skips tasks, which cannot be expressed in dag.json", "compare dates inside the task"),
}
_SENSOR = ("a sensor of one's own cannot be expressed in dag.json", "poll inside a `@task`, with `retries` and `execution_timeout`")
REFUSED["BaseSensorOperator"] = _SENSOR
_OWN = ("only operators of provider packages can be named in dag.json", "write it as a function under `@task`")
REFUSED["BaseAsyncOperator"] = REFUSED["DecoratedOperator"] = _OWN
REFUSED_CLASSES = {name: _refused_operator(name, *why) for name, why in REFUSED.items()}

BUNDLED = {
    "BaseOperator": BaseOperator,
    "BashOperator": BashOperator,
    "PythonOperator": PythonOperator,
    "EmptyOperator": EmptyOperator,
    **REFUSED_CLASSES,
}
