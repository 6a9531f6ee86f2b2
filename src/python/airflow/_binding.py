"""Binds a call's arguments to a function's parameters, as `inspect.signature` would, without importing it."""

from _leoflow_suggest import nearest

from airflow._edges import XComArg, results_in
from airflow._report import codes, fail
from airflow._values import DagParam, NotLiteral, describe, literal

_VARARGS, _VARKEYWORDS = 0x04, 0x08

# What Airflow passes by name to a task that asks for it.
CONTEXT = frozenset(
    "conn context dag dag_run data_interval_end data_interval_start ds ds_nodash exception expanded_ti_count "
    "inlet_events inlets logical_date macros map_index_template outlet_events outlets params prev_data_interval_end_success "
    "prev_data_interval_start_success prev_end_date_success prev_start_date_success reason run_id start_date task "
    "task_instance task_instance_key_str task_reschedule_count templates_dict test_mode ti triggering_asset_events "
    "try_number ts ts_nodash ts_nodash_with_tz var".split()
)


def unwrapped(function):
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


class Parameters:
    """A function's parameters, from its code object."""

    def __init__(self, function):
        function = unwrapped(function)
        code = function.__code__
        positional = code.co_argcount
        names = code.co_varnames[: positional + code.co_kwonlyargcount]
        self.positional_only = names[: code.co_posonlyargcount]
        self.positional = names[:positional]
        self.keyword_only = names[positional:]
        self.takes_any_positional = bool(code.co_flags & _VARARGS)
        self.takes_any_keyword = bool(code.co_flags & _VARKEYWORDS)
        defaults = function.__defaults__ or ()
        self.optional = set(self.positional[len(self.positional) - len(defaults) :]) if defaults else set()
        self.optional |= set(function.__kwdefaults__ or ())

    @property
    def names(self):
        return self.positional + self.keyword_only

    def listed(self):
        return "its parameters: " + (", ".join(f"`{name}`" for name in self.names) or "none")

    def meant(self, key):
        near = nearest(key, self.names)
        return f"did you mean `{near}`?" if near else self.listed()


def bind(function, arguments, keywords, task_id, complete=True):
    """Returns `{parameter: value}` for what was passed."""
    parameters = Parameters(function)
    name = f"{function.__name__}()"
    if len(arguments) > len(parameters.positional):
        if parameters.takes_any_positional:
            fail(
                codes.DOES_NOT_BIND,
                f"{name} takes `*args`; dag.json knows arguments by name only",
                "give each argument a parameter of its own, or pass one list",
            )
        fail(
            codes.DOES_NOT_BIND,
            f"TypeError: {name} takes {len(parameters.positional)} positional arguments but {len(arguments)} were given",
            parameters.listed(),
        )
    bound = dict(zip(parameters.positional, arguments))
    for key, value in keywords.items():
        if key in bound:
            fail(
                codes.DOES_NOT_BIND,
                f"TypeError: {name} got multiple values for argument `{key}`",
                f"pass `{key}` once: by its place or by its name",
            )
        if key not in parameters.names and not parameters.takes_any_keyword:
            fail(codes.DOES_NOT_BIND, f"TypeError: {name} has no parameter `{key}`", parameters.meant(key))
        bound[key] = value
    _check_required(name, parameters, bound, complete)
    for key in parameters.positional_only:
        if key in bound:
            fail(
                codes.DOES_NOT_BIND,
                f"parameter `{key}` of {name} is positional-only; tasks get their arguments by name",
                "remove the `/`",
            )
    return bound


def _check_required(name, parameters, bound, complete):
    missing = [
        parameter
        for parameter in parameters.names
        if parameter not in bound and parameter not in parameters.optional and parameter not in CONTEXT
    ]
    if missing and complete:
        fail(
            codes.DOES_NOT_BIND,
            f"TypeError: {name} misses the argument " + ", ".join(f"`{parameter}`" for parameter in missing),
            parameters.listed(),
        )


def split(bound, task_id):
    """Returns `(xcom_input, call_args)` of bound arguments; the XComArgs stay objects."""
    xcom_input, call_args = {}, {}
    for name, value in bound.items():
        if isinstance(value, XComArg):
            xcom_input[name] = [value]
        elif isinstance(value, (list, tuple)) and value and all(isinstance(item, XComArg) for item in value):
            xcom_input[name] = list(value)
        elif results_in(value):
            fail(
                codes.MIXED_RESULTS,
                f"argument `{name}` of `{task_id}` mixes results of tasks with other values, which dag.json cannot express",
                "pass each result as an argument of its own, or a list of only results",
            )
        else:
            call_args[name] = call_literal(value, name, task_id)
    return xcom_input, call_args


def call_literal(value, name, task_id):
    try:
        return literal(value)
    except NotLiteral as trouble:
        fail(
            codes.NOT_JSON,
            f"argument `{name}{trouble.path}` of `{task_id}` is {_described(trouble.value)}, which JSON cannot express",
            _literal_help(trouble.value, name),
        )


def _described(value):
    if isinstance(value, dict):
        key = next((key for key in value if not isinstance(key, str)), None)
        return f"a dict whose key {key!r} is {describe(key)}"
    return describe(value)


def _literal_help(value, name):
    if isinstance(value, DagParam):
        return value.help()
    if isinstance(value, dict):
        return "keys in JSON are strings: write `{\"1\": …}` for `{1: …}`"
    if hasattr(value, "total_seconds"):
        return f"pass `{name}` as a number of seconds where the operator takes one, or wait inside a function under `@task`"
    if hasattr(value, "isoformat"):
        return f"pass `{name}.isoformat()`, and parse it inside the task"
    if hasattr(value, "__fspath__"):
        return f"pass `str({name})`"
    if isinstance(value, (set, frozenset)):
        return "pass `sorted(…)` of it: a list"
    return "pass strings, numbers, booleans, None, lists or dicts of them; build everything else inside the task"
