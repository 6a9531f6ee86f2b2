"""Param, and what the params of a DAG declare."""

from airflow import _values
from airflow._binding import call_literal
from airflow._report import codes, fail

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


def named(params):
    if params is None:
        return []
    if not hasattr(params, "items"):
        fail(
            codes.BAD_PARAM,
            f"`params` is {_values.describe(params)}; it takes a dict",
            'write `params={"day": "2025-01-01"}`',
        )
    return list(params.items())


def declared(name, value):
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


def with_default(param, value):
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
