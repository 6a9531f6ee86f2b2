"""`@task`: a function whose call declares a task and returns what stands for its result."""

from airflow import _values
from airflow._bundled import BashOperator, PythonOperator
from airflow._edges import XComArg, results_in
from airflow._operators import MAPPING_HELP
from airflow._report import codes, current_place, fail, place_of

_BRANCH = (
    "a branch cannot be expressed in dag.json, and dropping it would run every path",
    "decide inside a task, or give both paths a task that returns early",
)
_ISOLATED = (
    "every task runs in the DAG's own image",
    "name the packages under `dependencies:` in leoflow.yaml and use `@task`",
)
_POD = ("every task already runs in a pod of its own", "use `@task`, and `tasks.<id>.execution` in leoflow.yaml")
_CONDITION = ("a condition on a task cannot be expressed in dag.json", "decide inside the task")
_SETUP = (
    "setup and teardown cannot be expressed in dag.json",
    'use an edge, and `trigger_rule="all_done"` for cleaning up',
)

# kind -> (why, what to do instead)
_REFUSED = {
    "branch": _BRANCH,
    "branch_virtualenv": _BRANCH,
    "branch_external_python": _BRANCH,
    "short_circuit": (
        "a short circuit cannot be expressed in dag.json, and dropping it would run every task",
        _BRANCH[1],
    ),
    "virtualenv": _ISOLATED,
    "external_python": _ISOLATED,
    "docker": ("every task already runs in a container of its own", "use `@task`, and `base_image:` in leoflow.yaml"),
    "kubernetes": _POD,
    "kubernetes_cmd": _POD,
    "sensor": (
        "a sensor cannot be expressed in dag.json",
        "poll inside a `@task`, with `retries` and `execution_timeout`",
    ),
    "pyspark": ("dag.json has no such kind of task", "start Spark inside a `@task`"),
    "run_if": _CONDITION,
    "skip_if": _CONDITION,
    "setup": _SETUP,
    "teardown": _SETUP,
}


class _TaskFlowOperator(PythonOperator):
    """The task that a call of a `@task` function declares."""

    def _name(self):
        return "@task"


class _TaskFlowBashOperator(BashOperator):
    def _name(self):
        return "@task.bash"


class TaskFactory:
    """A function under `@task`."""

    _operator = _TaskFlowOperator

    def __init__(self, function, keywords):
        self.function = self.__wrapped__ = function
        self.keywords = keywords
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self.__module__ = function.__module__
        self.__doc__ = function.__doc__

    def __call__(self, *arguments, **keywords):
        declared = {"task_id": self.function.__name__, **self.keywords}
        return XComArg(self._operator(python_callable=self.function, op_args=arguments, op_kwargs=keywords, **declared))

    def override(self, **keywords):
        return type(self)(self.function, {**self.keywords, **keywords})

    def _refuse_mapping(self, *arguments, **keywords):
        fail(
            codes.DYNAMIC_MAPPING,
            "dynamic task mapping (`.partial()`, `.expand()`) cannot be expressed in dag.json",
            MAPPING_HELP,
        )

    partial = expand = expand_kwargs = _refuse_mapping

    def __repr__(self):
        return f"<@task {self.__name__}>"

    def _not_called(self, *others):
        fail(codes.NOT_CALLED, f"the task `{self.__name__}` was not called", f"write `{self.__name__}()`")

    __rshift__ = __lshift__ = __rrshift__ = __rlshift__ = set_upstream = set_downstream = _not_called


class BashTaskFactory(TaskFactory):
    """A function under `@task.bash`: what it returns is the command."""

    def __call__(self, *arguments, **keywords):
        declared = {"task_id": self.function.__name__, **self.keywords}
        operator = _TaskFlowBashOperator(bash_command=_constant_command(self.function), **declared)
        for result in results_in([arguments, keywords]):
            operator._depend_on(result)
        return XComArg(operator)


class RefusedFactory(TaskFactory):
    """A function under a decorator that dag.json cannot express: refused where it is used, at the decorator's line."""

    def __init__(self, function, refuse, keywords=None):
        super().__init__(function, keywords or {})
        self._refuse = refuse

    def __call__(self, *arguments, **keywords):
        self._refuse()

    def override(self, **keywords):
        return RefusedFactory(self.function, self._refuse)

    def _refused(self, *arguments, **keywords):
        self._refuse()

    partial = expand = expand_kwargs = _refused
    as_setup = as_teardown = _refused


def _constant_command(function):
    """The command, when it can be told without running the function: it returns one string and uses no names."""
    code = function.__code__
    strings = [value for value in code.co_consts if isinstance(value, str) and value != function.__doc__]
    if code.co_names or code.co_varnames or code.co_freevars or len(strings) != 1:
        fail(
            codes.BASH_COMMAND,
            f"the command of `{function.__name__}` is only known when the function runs; dag.json takes the command itself",
            "return one plain string, use `BashOperator`, or run the command inside a `@task`",
            place_of(function),
        )
    return strings[0]


class _Decorator:
    """`@task`, `@task(...)` and `@task.<kind>`."""

    def __init__(self, factory):
        self._factory = factory

    def __call__(self, function=None, **keywords):
        if function is None:
            return lambda function: self._decorate(function, keywords)
        return self._decorate(function, keywords)

    def _decorate(self, function, keywords):
        if isinstance(function, TaskFactory):
            fail(codes.BAD_ARGUMENT, f"`{function.__name__}` is decorated twice", "keep one `@task`")
        if not hasattr(function, "__code__"):
            fail(
                codes.BAD_ARGUMENT,
                f"`@task` is put on {_values.describe(function)}; it takes a function",
                "write a function with `def`",
            )
        return self._factory(function, keywords)


class _RefusedDecorator:
    """`@task.branch` and its like, with or without arguments, on functions and on conditions."""

    def __init__(self, refuse):
        self._refuse = refuse

    def __call__(self, function=None, *arguments, **keywords):
        if hasattr(function, "__code__") and function.__name__ != "<lambda>" or isinstance(function, TaskFactory):
            return RefusedFactory(getattr(function, "function", function), self._refuse)
        return self


class _Task(_Decorator):
    def __init__(self):
        super().__init__(TaskFactory)
        self.python = _Decorator(TaskFactory)
        self.bash = _Decorator(BashTaskFactory)

    def __getattr__(self, kind):
        if kind.startswith("__"):
            raise AttributeError(kind)
        if kind not in _REFUSED:
            why = "dag.json has no such kind of task"
            fail(codes.UNSUPPORTED_DECORATOR, f"unsupported decorator `@task.{kind}`: {why}", "use `@task`")
        why, instead = _REFUSED[kind]
        place = current_place(exact=True)

        def refuse():
            fail(codes.UNSUPPORTED_DECORATOR, f"unsupported decorator `@task.{kind}`: {why}", instead, place)

        return _RefusedDecorator(refuse)


task = _Task()
