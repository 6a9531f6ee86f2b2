"""DAG, `@dag`, Param; and the report of what was declared."""

from _leoflow import ROOT, AuthoringError, Refused, fault_of, host_read

from _leoflow_clock import asked

from airflow import _arguments, _functions, _values
from airflow._binding import call_literal, unwrapped
from airflow._report import codes, current_place, fail, place_of

_CARRIED = frozenset(
    "dag_id description schedule start_date end_date default_args max_active_tasks max_active_runs catchup params tags "
    "dag_display_name".split()
)

_declared = []  # every DAG, in order of creation
_open_dags = []  # `with DAG(...)`, innermost last
_orphans = {}  # as its keys: tasks without a DAG, until one adopts them
_uncalled = {}  # @dag functions that were not called yet, with their place


def current_dag():
    return _open_dags[-1] if _open_dags else None


class DAG:
    """A DAG; tasks created inside `with` belong to it."""

    def __init__(self, dag_id=None, *positional, **keywords):
        self._place = keywords.pop("_place", None) or current_place()
        if positional:
            fail(
                codes.BAD_ARGUMENT,
                "DAG() takes its id, and everything else by keyword",
                'write `DAG("my_dag", schedule="@daily")`',
            )
        if dag_id is None:
            fail(codes.MISSING_ARGUMENT, "DAG() has no `dag_id`", 'write `DAG("my_dag", …)`')
        self.dag_id = _values.identifier(dag_id, "dag_id")
        self._tasks = []
        self.task_dict = {}
        self._groups = set()
        self._numbers = {}  # `load` -> the highest N of a task `load__N`
        self._entered = False
        self._fault = None
        _declared.append(self)
        with self._or_fault():
            self._take_all(keywords)
        self.__dict__["_complete"] = True

    def _take_all(self, keywords):
        self._given = {}
        self._take({})
        keywords = _arguments.check_dag(keywords)
        if set(keywords) - _CARRIED:
            known = _CARRIED | _arguments.DAG_PRESENTATION | set(_arguments.DAG_REFUSED)
            _arguments.unexpected(set(keywords) - _CARRIED, "DAG()", known)
        self._given = keywords
        self._take(keywords)

    def _or_fault(self):
        return _Faults(self)

    def __setattr__(self, name, value):
        """`dag.schedule = "@daily"` after the fact is as good as the argument."""
        if not self.__dict__.get("_complete") or name.startswith("_"):
            super().__setattr__(name, value)
        elif name == "dag_id":
            fail(codes.SET_LATER, f"`dag_id` of `{self.dag_id}` is set after it was created", "pass it to DAG()")
        elif name in _CARRIED:
            self._given = {**self._given, name: value}
            self.__dict__["_complete"] = False
            self._take(self._given)
            self.__dict__["_complete"] = True
        else:
            _arguments.check_dag({name: value})
            super().__setattr__(name, value)

    def _take(self, given):
        self.default_args = given.get("default_args") or {}
        if not isinstance(self.default_args, dict):
            fail(
                codes.BAD_ARGUMENT,
                f"`default_args` is {_values.describe(self.default_args)}; it takes a dict",
                'write `default_args={"retries": 2}`',
            )
        self.description = _values.text(given.get("description"), "description")
        self.schedule, self._schedule_timezone = _values.schedule(given.get("schedule"))
        self.start_date = given.get("start_date") or self.default_args.get("start_date")
        self.end_date = given.get("end_date") or self.default_args.get("end_date")
        self._start, self._timezone = _values.instant(self.start_date, "start_date")
        self._end, _ = _values.instant(self.end_date, "end_date")
        self.catchup = _flag(given.get("catchup"), "catchup")
        if self.catchup and _values.is_from_clock(self.start_date):
            fail(
                codes.START_FROM_CLOCK,
                "`start_date` is computed from the clock, and `catchup=True` would run everything since then",
                "write a fixed date: `start_date=datetime(2025, 1, 1)`",
            )
        self.max_active_tasks = _values.count(given.get("max_active_tasks"), "max_active_tasks", 1)
        self.max_active_runs = _values.count(given.get("max_active_runs"), "max_active_runs", 1)
        self.tags = _values.tags(given.get("tags"))
        params = dict(_named(self.default_args.get("params")) + _named(given.get("params")))
        self._params = {name: _param(name, value) for name, value in params.items()}
        self.params = {name: param.get("default") for name, param in self._params.items()}

    # --- belonging ---

    def __enter__(self):
        self._entered = True
        _open_dags.append(self)
        return self

    def __exit__(self, kind, error, traceback):
        _open_dags.pop()
        return self._or_fault().__exit__(kind, error, traceback)

    def _add(self, task):
        self._tasks.append(task)
        self.task_dict[task.task_id] = task
        core, number = _values.numbered(task.task_id)
        self._numbers[core] = max(self._numbers.get(core, 0), number)
        _orphans.pop(task, None)

    def _adopt(self, task):
        if task._dag is self:
            return
        if task._dag is not None:
            fail(
                codes.OTHER_DAG,
                f"`{task.task_id}` already belongs to the DAG `{task._dag.dag_id}`",
                "create the task in one DAG only; for two DAGs, create it twice",
            )
        task._dag = self
        task.__dict__["task_id"] = task._unique_id(task.task_id)
        self._add(task)

    add_task = _adopt

    # --- what dag.py may ask ---

    @property
    def tasks(self):
        return list(self._tasks)

    @property
    def task_ids(self):
        return [task.task_id for task in self._tasks]

    @property
    def owner(self):
        owner = self.default_args.get("owner")
        return str.__str__(owner) if isinstance(owner, str) else None

    def get_task(self, task_id):
        return self.task_dict[task_id]

    def has_task(self, task_id):
        return task_id in self.task_dict

    def test(self, *arguments, **keywords):
        fail(
            codes.NOT_WHILE_COMPILING,
            "dag.test() runs tasks; dag.py only declares them",
            'put it under `if __name__ == "__main__":`',
        )

    cli = test

    def __repr__(self):
        return f"<DAG: {self.dag_id}>"

    # --- the report ---

    def _report(self):
        """What the DAG declares, or why it is refused: that matters only when it is this one that is wanted."""
        report = None
        if self._fault is None:
            with self._or_fault():
                report = self._structure()
        return {"refused": {"dag_id": self.dag_id, "fault": self._fault}} if report is None else {"dag": report}

    def _structure(self):
        return {
            "dag_id": self.dag_id,
            "file": self._place["file"] if self._place else "",
            "line": self._place["line"] if self._place else 0,
            "description": self.description,
            "owner": self.owner,
            "tags": self.tags,
            "schedule": self.schedule,
            "schedule_line": _line_of("schedule", self._place) if self.schedule is not None else None,
            "schedule_timezone": _values.timezone_name(self._schedule_timezone or self._timezone),
            "start_date": self._start,
            "end_date": self._end,
            "max_active_runs": self.max_active_runs,
            "max_active_tasks": self.max_active_tasks,
            "catchup": self.catchup,
            "params": self._params,
            "tasks": self._report_tasks(),
        }

    def _report_tasks(self):
        reports, functions = [], {}
        for task in self._tasks:
            reports.append(task._report())
            function = getattr(task, "function", None)
            if function is not None and not _functions.equivalent(
                functions.setdefault(reports[-1]["entrypoint"], function), function
            ):
                fail(
                    codes.FUNCTION_NOT_FOUND,
                    f"the task `{task.task_id}` shares its function's name with another task's, and the pod finds a "
                    f"function by its name (`{reports[-1]['entrypoint']}`)",
                    "give each function a name of its own, and pass it what differs as an argument",
                    task._place,
                )
        return reports


class _Faults:
    """Keeps what is refused inside, so that the file's other DAGs are still read; its own errors end the file."""

    def __init__(self, dag):
        self._dag = dag

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(error, (AuthoringError, Refused)):
            return False
        if self._dag._fault is None:
            self._dag._fault = fault_of(error)
        return True


def refused_dag(dag_id, code, message, help):
    """Declares a DAG that is refused as soon as it is the one that is wanted."""
    made = DAG(dag_id)
    made._entered = True
    with made._or_fault():
        fail(code, message, help)
    return made


def _flag(value, argument):
    if value is not None and not isinstance(value, bool):
        fail(
            codes.BAD_ARGUMENT,
            f"`{argument}` is {_values.describe(value)}; it takes True or False",
            f"write `{argument}=True` or `{argument}=False`",
        )
    return bool(value)


def _line_of(argument, place):
    """The line of a keyword argument of a call that starts at `place`, when it is written out there."""
    if place is None:
        return None
    lines = host_read(f"{ROOT}/{place['file']}").decode("utf-8", "replace").splitlines()
    for number in range(place["line"], min(place["line"] + 40, len(lines) + 1)):
        text = lines[number - 1].replace(" ", "")
        if text.startswith(argument + "=") or f"({argument}=" in text or f",{argument}=" in text:
            return number
        if text.startswith("def") or (text.endswith("):") and number > place["line"]):
            break
    return place["line"]


# --- params -----------------------------------------------------------------------------------------------------------

_NOTHING = object()


class Param:
    """A parameter: a default (none means that a run must give one) and a JSON schema."""

    def __init__(self, default=_NOTHING, description=None, source=None, **schema):
        self.default = default
        self.description = description
        self.schema = dict(schema.pop("schema", None) or schema)

    @property
    def value(self):
        return None if self.default is _NOTHING else self.default

    def resolve(self, value=None, suppress_exception=False):
        return self.value if value is None else value


def _named(params):
    if params is None:
        return []
    if not hasattr(params, "items"):
        fail(
            codes.BAD_PARAM,
            f"`params` is {_values.describe(params)}; it takes a dict",
            'write `params={"day": "2025-01-01"}`',
        )
    return list(params.items())


def _param(name, value):
    if not isinstance(name, str):
        fail(
            codes.BAD_PARAM,
            f"`params` has {_values.describe(name)} as a name; names are strings",
            'write `params={"day": "2025-01-01"}`',
        )
    if not isinstance(value, Param):
        return {"default": _param_literal(value, name), "schema": {}}
    schema = _param_literal(value.schema, name)
    if value.description is not None:
        schema["description"] = _values.text(value.description, "description")
    if value.default is _NOTHING:
        return {"schema": schema}
    default = _param_literal(value.default, name)
    _check_pattern(default, schema.get("pattern"), name)
    return {"default": default, "schema": schema}


def _check_pattern(default, pattern, name):
    """The other rules of the schema are checked where dag.json is made; this one is a regular expression of Python's."""
    if not isinstance(default, str) or not isinstance(pattern, str):
        return
    import re

    try:
        fits = re.search(pattern, default)
    except re.error as error:
        fail(
            codes.BAD_PARAM,
            f"the `pattern` of the param `{name}` is no regular expression: {error}",
            'write one, e.g. `pattern="^[a-z]+$"`',
        )
    if not fits:
        fail(
            codes.BAD_PARAM,
            f"the default {default!r} of the param `{name}` does not match its `pattern` {pattern!r}",
            "give a default that matches, or none",
        )


def _with_default(param, value):
    """As in Airflow, a value for a parameter that has a schema leaves it the schema."""
    if not isinstance(param, Param) or isinstance(value, Param):
        return value
    return Param(value, description=param.description, schema=param.schema)


def _param_literal(value, name):
    return call_literal(_with_text_keys(value), name, "params")


def _with_text_keys(value):
    """As Airflow serializes params: keys that are numbers become texts (`values_display={1: "One"}`)."""
    if isinstance(value, dict):
        plain = (bool, int, float, type(None))
        return {str(key) if isinstance(key, plain) else key: _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, (list, tuple)) else value


# --- @dag -------------------------------------------------------------------------------------------------------------


def dag(dag_id=None, **keywords):
    """`@dag`, `@dag(...)`: a function whose call declares a DAG."""
    if callable(dag_id):
        return _dag_function(dag_id, None, keywords)
    return lambda function: _dag_function(function, dag_id, keywords)


def _dag_function(function, dag_id, keywords):
    place = place_of(unwrapped(function)) or current_place()

    def declare(*arguments, **call_keywords):
        _uncalled.pop(function, None)
        declared = dict(keywords)
        if declared.get("doc_md") is None and function.__doc__:
            declared["doc_md"] = function.__doc__
        declared["params"] = dict(_named(keywords.get("params")))
        for name, value in _dag_arguments(function, arguments, call_keywords).items():
            declared["params"][name] = _with_default(declared["params"].get(name), value)
        with DAG(dag_id or function.__name__, _place=place, **declared) as made:
            function(*_parameters_of_the_run(function))
        return made

    declare.__name__ = function.__name__
    declare.__qualname__ = function.__qualname__
    declare.__module__ = function.__module__
    declare.__doc__ = function.__doc__
    declare.__wrapped__ = function
    _uncalled[function] = (place, function.__name__)
    return declare


def _dag_arguments(function, arguments, keywords):
    """The parameters of a `@dag` function are the DAG's params: their defaults, then what the call gives."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__defaults__ or ()
    values = dict(zip(names[code.co_argcount - len(defaults) : code.co_argcount], defaults))
    values.update(function.__kwdefaults__ or {})
    values.update(zip(names, arguments))
    values.update(keywords)
    for name in values:
        if name not in names:
            fail(
                codes.DOES_NOT_BIND,
                f"TypeError: {function.__name__}() has no parameter `{name}`",
                f"its parameters: {', '.join(names) or 'none'}",
            )
    missing = [name for name in names if name not in values]
    if missing:
        fail(
            codes.DOES_NOT_BIND,
            f"TypeError: {function.__name__}() misses the argument `{missing[0]}`",
            f"pass it, or give `{missing[0]}` a default",
        )
    return values


def _parameters_of_the_run(function):
    code = function.__code__
    if code.co_kwonlyargcount:
        fail(
            codes.DOES_NOT_BIND,
            f"the `@dag` function {function.__name__}() has keyword-only parameters",
            "remove the `*`",
            place_of(function),
        )
    return [_values.DagParam(name) for name in code.co_varnames[: code.co_argcount]]


# --- the report -------------------------------------------------------------------------------------------------------


def report(main):
    """What `main`, dag.py's module, declares: DAGs that were entered or that it names, as Airflow collects them."""
    _functions.main = main
    named = list(main.__dict__.values())
    dags = [dag for dag in _declared if dag._entered or any(value is dag for value in named)]
    _check_unique(dags)
    if not dags and _uncalled:
        place, name = next(iter(_uncalled.values()))
        fail(
            codes.DAG_NOT_CALLED,
            f"the `@dag` function `{name}` is never called, so it declares no DAG",
            f"add `{name}()` at the end of the file",
            place,
        )
    for task in _orphans:
        fail(
            codes.NO_DAG_FOR_TASK,
            f"the task `{task.task_id}` belongs to no DAG",
            "create it inside `with DAG(…):`, or give it `dag=`",
            task._place,
        )
    reports = [dag._report() for dag in dags]
    return {
        "dags": [report["dag"] for report in reports if "dag" in report],
        "refused": [report["refused"] for report in reports if "refused" in report],
        "asked": asked,
    }


def fault_before(error):
    """The fault that an error of the file probably follows from: a refused `with DAG(…):` leaves names undefined."""
    faults = [dag._fault for dag in _declared if dag._fault is not None]
    follows = type(error) in (NameError, UnboundLocalError) or len(_declared) == 1
    return faults[0] if faults and follows else None


def _check_unique(dags):
    seen = {}
    for dag in dags:
        first = seen.setdefault(dag.dag_id, dag)
        if first is not dag:
            line = first._place["line"] if first._place else "?"
            with dag._or_fault():
                fail(
                    codes.DUPLICATE_ID,
                    f"the DAG `{dag.dag_id}` is declared twice; first in line {line}",
                    "give each DAG an id of its own",
                    dag._place,
                )
