"""The part of pendulum that DAG files use for dates: aware datetimes, durations, time zones."""

import datetime as _datetime
from datetime import timezone as _fixed

from zoneinfo import ZoneInfo as Timezone

UTC = Timezone("UTC")


class Duration(_datetime.timedelta):
    """A timedelta that also counts in years and months."""

    def __new__(cls, days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0, years=0, months=0):
        days = days + years * 365 + months * 30
        return super().__new__(cls, days, seconds, microseconds, milliseconds, minutes, hours, weeks)

    def in_seconds(self):
        return int(self.total_seconds())

    def in_minutes(self):
        return self.in_seconds() // 60

    def in_hours(self):
        return self.in_seconds() // 3600

    def in_days(self):
        return self.days

    total_minutes = lambda self: self.total_seconds() / 60
    total_hours = lambda self: self.total_seconds() / 3600
    total_days = lambda self: self.total_seconds() / 86400


class DateTime(_datetime.datetime):
    """An aware datetime."""

    @property
    def timezone(self):
        return self.tzinfo

    @property
    def timezone_name(self):
        return getattr(self.tzinfo, "key", None)

    tz = timezone
    day_of_week = property(lambda self: self.weekday())
    day_of_year = property(lambda self: self.timetuple().tm_yday)
    int_timestamp = property(lambda self: int(self.timestamp()))

    def add(self, years=0, months=0, weeks=0, days=0, hours=0, minutes=0, seconds=0, microseconds=0):
        year, month = divmod(self.year * 12 + self.month - 1 + years * 12 + months, 12)
        day = min(self.day, _days_in(year, month + 1))
        moved = self.replace(year=year, month=month + 1, day=day)
        return _of(
            moved
            + _datetime.timedelta(
                weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
            )
        )

    def subtract(self, **parts):
        return self.add(**{name: -value for name, value in parts.items()})

    def in_timezone(self, tz):
        return _of(self.astimezone(timezone(tz)))

    in_tz = in_timezone

    def start_of(self, unit):
        midnight = self.replace(hour=0, minute=0, second=0, microsecond=0)
        if unit == "week":
            return midnight.subtract(days=midnight.weekday())
        return {
            "hour": lambda: self.replace(minute=0, second=0, microsecond=0),
            "day": lambda: midnight,
            "month": lambda: midnight.replace(day=1),
            "year": lambda: midnight.replace(month=1, day=1),
        }[unit]()

    def end_of(self, unit):
        return self.start_of(unit).add(**{unit + "s": 1}).subtract(microseconds=1)

    def to_date_string(self):
        return self.strftime("%Y-%m-%d")

    def to_time_string(self):
        return self.strftime("%H:%M:%S")

    def to_datetime_string(self):
        return self.strftime("%Y-%m-%d %H:%M:%S")

    def to_iso8601_string(self):
        return self.isoformat()

    def __add__(self, other):
        return _of(super().__add__(other))

    __radd__ = __add__

    def __sub__(self, other):
        result = super().__sub__(other)
        return _of(result) if isinstance(result, _datetime.datetime) else Duration(seconds=result.total_seconds())


Date = _datetime.date
Time = _datetime.time


def _days_in(year, month):
    return (_datetime.date(year + month // 12, month % 12 + 1, 1) - _datetime.timedelta(days=1)).day


def _of(value):
    return DateTime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo
    )


def timezone(name="UTC"):
    return Timezone(name) if isinstance(name, str) else name


def local_timezone():
    return UTC


def datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0, tz=UTC, fold=0):
    return DateTime(year, month, day, hour, minute, second, microsecond, timezone(tz))


def naive(year, month, day, hour=0, minute=0, second=0, microsecond=0):
    return DateTime(year, month, day, hour, minute, second, microsecond)


def date(year, month, day):
    return _datetime.date(year, month, day)


def time(hour, minute=0, second=0, microsecond=0):
    return _datetime.time(hour, minute, second, microsecond)


def duration(**parts):
    return Duration(**parts)


def now(tz="UTC"):
    return _of(_datetime.datetime.now(timezone(tz or "UTC")))


def today(tz="UTC"):
    return now(tz).start_of("day")


def yesterday(tz="UTC"):
    return today(tz).subtract(days=1)


def tomorrow(tz="UTC"):
    return today(tz).add(days=1)


def instance(value, tz=UTC):
    return _of(value if value.tzinfo is not None else value.replace(tzinfo=timezone(tz)))


def from_timestamp(timestamp, tz=UTC):
    return _of(_datetime.datetime.fromtimestamp(timestamp, timezone(tz)))


def from_format(text, format, tz=UTC):
    parts = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
    for name, directive in parts.items():
        format = format.replace(name, directive)
    return instance(_datetime.datetime.strptime(text, format), tz)


def parse(text, tz=UTC, **options):
    return instance(_datetime.datetime.fromisoformat(text), tz)


FixedTimezone = lambda offset, name=None: _fixed(_datetime.timedelta(seconds=offset), name)
