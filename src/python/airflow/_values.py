"""Durations, JSON literals, schedules and dates, as dag.json writes them. Imports nothing that dag.py did not."""

import sys

from _leoflow_clock import note_address
from _leoflow_opaque import refuse_shape

from airflow._report import codes, fail


class NotLiteral(Exception):
    """Carries where in the value the trouble is (`['a'][0]`) and what is there."""

    def __init__(self, path, value):
        super().__init__(path)
        self.path = path
        self.value = value


class DagParam:
    """A parameter of a `@dag` function inside it: its value is the run's, so that nothing can be built from it here."""

    def __init__(self, name):
        self.name = name

    def __str__(self):
        fail(
            codes.NOT_WHILE_COMPILING,
            f"the DAG's parameter `{self.name}` has no value before a run starts",
            self.help(templated=True),
        )

    def __format__(self, spec):
        return str(self)

    def help(self, templated=False):
        if templated:
            return f"leave it to the run: write `{{{{ params.{self.name} }}}}` in a templated text"
        return f'read it inside the task: `get_current_context()["params"]["{self.name}"]`'


def literal(value):
    """The value as JSON: `None`, booleans, numbers, strings; lists, tuples and dicts of them."""
    if value is None or isinstance(value, bool):
        return value
    # Enums that are strings or numbers are plain to JSON; a subclass would not be to Rust.
    if isinstance(value, str):
        if " at 0x" in value:
            note_address()
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value == value and value not in (float("inf"), float("-inf")):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [item if type(item) is int else _inside(item, index) for index, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {str.__str__(key): _inside(item, key) for key, item in value.items()}
    raise NotLiteral("", value)


def _inside(item, key):
    try:
        return literal(item)
    except NotLiteral as trouble:
        trouble.path = f"[{key!r}]{trouble.path}"
        raise


def describe(value):
    refuse_shape(value)
    if isinstance(value, DagParam):
        return f"the DAG's parameter `{value.name}`"
    name = getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str):
        return f"the function `{name}`" if not isinstance(value, type) else f"the class `{name}`"
    article = "an" if type(value).__name__[0].lower() in "aeiou" else "a"
    return f"{article} {type(value).__name__}"


def _is(value, module, name):
    """Whether the value is an instance of a class of a module that only dag.py may have imported."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def is_timedelta(value):
    return _is(value, "datetime", "timedelta")


def whole_seconds(value, argument):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value
    elif is_timedelta(value):
        seconds = value.total_seconds()
    else:
        fail(
            codes.BAD_ARGUMENT,
            f"`{argument}` is {describe(value)}; it takes a timedelta or a number of seconds",
            f"write `{argument}=timedelta(minutes=5)`",
        )
    if seconds != seconds or seconds < 0 or seconds in (float("inf"),):
        fail(
            codes.BAD_ARGUMENT,
            f"`{argument}` is {seconds} seconds; it cannot be less than zero",
            f"write `{argument}=timedelta(minutes=5)`",
        )
    if seconds != int(seconds):
        fail(
            codes.BAD_ARGUMENT,
            f"`{argument}` is {seconds} seconds; dag.json knows whole seconds only",
            f"write `{argument}=timedelta(seconds={max(1, round(seconds))})`",
        )
    return int(seconds)


def count(value, argument, least=0):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, float) and value == int(value):
            value = int(value)
        else:
            fail(
                codes.BAD_ARGUMENT,
                f"`{argument}` is {describe(value)}; it takes a whole number",
                f"write `{argument}={max(least, 1)}`",
            )
    if value < least:
        fail(
            codes.BAD_ARGUMENT, f"`{argument}` is {value}; the least is {least}", f"write `{argument}={least}` or more"
        )
    return int(value)


def text(value, argument):
    if value is not None and not isinstance(value, str):
        fail(codes.BAD_ARGUMENT, f"`{argument}` is {describe(value)}; it takes a string", f'write `{argument}="…"`')
    return None if value is None else str.__str__(value)


def schedule(value):
    """Returns `(schedule, timezone)`; a timetable's own zone is told even if it is UTC, since it is not the start date's."""
    if value is None:
        return None, None
    if isinstance(value, str):
        return str.__str__(value), None
    refuse_shape(value)
    if is_timedelta(value):
        fail(
            codes.UNSUPPORTED_SCHEDULE,
            f"`schedule` is a timedelta ({value}); dag.json takes a cron expression or a preset",
            "write " + _cron_for(value.total_seconds()),
        )
    summary = getattr(value, "summary", None)
    if isinstance(summary, str) and summary:
        zone = getattr(value, "timezone", None)
        return str.__str__(summary), None if zone is None else timezone_name(zone) or "UTC"
    if isinstance(value, (list, tuple)) or hasattr(value, "uri") or hasattr(value, "iter_assets"):
        fail(
            codes.UNSUPPORTED_SCHEDULE,
            "`schedule` names assets; dag.json takes a cron expression or a preset",
            'schedule by time (`schedule="@daily"`), or `schedule=None` and trigger the DAG from the one before it',
        )
    fail(
        codes.UNSUPPORTED_SCHEDULE,
        f"`schedule` is {describe(value)}; it takes a string, None or a timetable with a `summary`",
        'write a cron expression (`schedule="0 6 * * *"`) or a preset (`schedule="@daily"`)',
    )


def _cron_for(seconds):
    presets = {3600: '`schedule="@hourly"`', 86400: '`schedule="@daily"`', 604800: '`schedule="@weekly"`'}
    if seconds in presets:
        return presets[seconds]
    minutes = seconds / 60
    if minutes == int(minutes) and 0 < minutes < 60 and 60 % minutes == 0:
        return f'`schedule="*/{int(minutes)} * * * *"`'
    hours = seconds / 3600
    if hours == int(hours) and 0 < hours < 24 and 24 % hours == 0:
        return f'`schedule="0 */{int(hours)} * * *"`'
    return 'the cron expression that is closest, e.g. `schedule="0 6 * * *"`'


def timezone_name(value):
    """The IANA name of a tzinfo or a string; `None` for UTC and for nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        name = getattr(value, "key", None) or getattr(value, "name", None) or getattr(value, "zone", None)
        value = name if isinstance(name, str) else str(value)
    return None if value in ("UTC", "Etc/UTC", "utc", "UTC+00:00", "Z", "+00:00") else value


def instant(value, argument):
    """Returns `(ISO 8601, timezone)` of a date."""
    if value is None:
        return None, None
    if isinstance(value, str):
        value = _parsed(str.__str__(value), argument)
    if _is(value, "datetime", "datetime"):
        zone = timezone_name(value.tzinfo)
        if value.tzinfo is None:
            return value.isoformat() + "+00:00", None
        return value.isoformat().replace("Z", "+00:00"), None if zone and zone[:4] in ("UTC+", "UTC-") else zone
    if _is(value, "datetime", "date"):
        return value.isoformat() + "T00:00:00+00:00", None
    fail(
        codes.BAD_ARGUMENT,
        f"`{argument}` is {describe(value)}; it takes a datetime",
        f"write `{argument}=datetime(2025, 1, 1)`",
    )


def _parsed(text, argument):
    from datetime import datetime

    try:
        return datetime.fromisoformat(text)
    except ValueError:
        fail(codes.BAD_ARGUMENT, f"`{argument}` {text!r} is not a date", f"write `{argument}=datetime(2025, 1, 1)`")


def is_from_clock(value):
    """Whether a date lies so near to where the clock stands that it was computed from it; nobody writes such a date."""
    return 1999 <= getattr(value, "year", 0) <= 2000


def tags(value):
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, (list, tuple, set, frozenset)):
        fail(codes.BAD_ARGUMENT, f"`tags` is {describe(value)}; it takes a list of strings", 'write `tags=["sales"]`')
    for tag in value:
        if not isinstance(tag, str):
            fail(
                codes.BAD_ARGUMENT,
                f"`tags` holds {describe(tag)}; it takes a list of strings",
                'write `tags=["sales"]`',
            )
    return sorted(value) if isinstance(value, (set, frozenset)) else list(value)


def _plain(text):
    kept = "".join(c if c.isalnum() or c in "_-." else "_" for c in text)[:250]
    return kept or "my_name"


def numbered(name):
    """`load__2` is `("load", 2)`: Airflow numbers what stands before a number."""
    core, separator, number = name.rpartition("__")
    return (core, int(number)) if separator and number.isdecimal() else (name, 0)


def identifier(value, argument):
    if not isinstance(value, str):
        fail(
            codes.BAD_IDENTIFIER,
            f"`{argument}` is {describe(value)}; it takes a string",
            f'write `{argument}="my_name"`',
        )
    value = str.__str__(value)
    if not value or len(value) > 250 or not all(c.isalnum() or c in "_-." for c in value):
        fail(
            codes.BAD_IDENTIFIER,
            f"`{argument}` {value!r} is not a key: letters, digits, `-`, `.` and `_`, at most 250 of them",
            f'write `{argument}="{_plain(value)}"`',
        )
    return value
