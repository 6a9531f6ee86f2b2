"""Time zones without a database: the rules in force today, for the zones that schedules are written in.

The host's own database would make the result depend on the host.
"""

from datetime import datetime, timedelta, tzinfo

import _leoflow_codes as codes
from _leoflow import AuthoringError, current_place

_EU, _US, _AU, _NZ, _CL = "eu", "us", "au", "nz", "cl"

# name -> (minutes east of UTC in winter, rule of summer time)
_ZONES = {}


def _add(minutes, rule, names):
    for name in names.split():
        _ZONES[name] = (minutes, rule)


_add(0, None, "UTC Etc/UTC GMT Etc/GMT Africa/Abidjan Africa/Accra Africa/Dakar Atlantic/Reykjavik Zulu Universal")
_add(0, _EU, "Europe/London Europe/Dublin Europe/Lisbon Atlantic/Canary WET")
_add(60, None, "Africa/Lagos Africa/Algiers Africa/Tunis Africa/Kinshasa")
_add(
    60,
    _EU,
    "Europe/Madrid Europe/Paris Europe/Berlin Europe/Rome Europe/Amsterdam Europe/Brussels Europe/Vienna "
    "Europe/Zurich Europe/Stockholm Europe/Oslo Europe/Copenhagen Europe/Warsaw Europe/Prague Europe/Budapest "
    "Europe/Belgrade Europe/Zagreb Europe/Ljubljana Europe/Bratislava Europe/Luxembourg Europe/Monaco Europe/Malta CET",
)
_add(120, None, "Africa/Johannesburg Africa/Harare Africa/Maputo Africa/Tripoli Europe/Kaliningrad")
_add(
    120,
    _EU,
    "Europe/Athens Europe/Helsinki Europe/Bucharest Europe/Sofia Europe/Kyiv Europe/Kiev Europe/Riga "
    "Europe/Tallinn Europe/Vilnius Asia/Nicosia EET",
)
_add(
    180,
    None,
    "Europe/Istanbul Europe/Moscow Europe/Minsk Asia/Riyadh Asia/Baghdad Asia/Kuwait Asia/Qatar "
    "Asia/Amman Asia/Damascus Africa/Nairobi Africa/Addis_Ababa",
)
_add(210, None, "Asia/Tehran")
_add(240, None, "Asia/Dubai Asia/Baku Asia/Tbilisi Asia/Yerevan Europe/Samara")
_add(270, None, "Asia/Kabul")
_add(300, None, "Asia/Karachi Asia/Tashkent Asia/Yekaterinburg Asia/Almaty")
_add(330, None, "Asia/Kolkata Asia/Calcutta Asia/Colombo")
_add(345, None, "Asia/Kathmandu")
_add(360, None, "Asia/Dhaka Asia/Omsk")
_add(420, None, "Asia/Bangkok Asia/Ho_Chi_Minh Asia/Saigon Asia/Jakarta Asia/Novosibirsk")
_add(480, None, "Asia/Shanghai Asia/Hong_Kong Asia/Singapore Asia/Taipei Asia/Manila Asia/Kuala_Lumpur Australia/Perth")
_add(540, None, "Asia/Tokyo Asia/Seoul")
_add(570, None, "Australia/Darwin")
_add(570, _AU, "Australia/Adelaide")
_add(600, None, "Australia/Brisbane Asia/Vladivostok")
_add(600, _AU, "Australia/Sydney Australia/Melbourne Australia/Hobart Australia/Canberra")
_add(720, _NZ, "Pacific/Auckland")
_add(
    -180, None, "America/Sao_Paulo America/Argentina/Buenos_Aires America/Buenos_Aires America/Montevideo America/Bahia"
)
_add(-210, _US, "America/St_Johns")
_add(-240, None, "America/Caracas America/La_Paz America/Manaus America/Puerto_Rico America/Santo_Domingo")
_add(-240, _US, "America/Halifax Atlantic/Bermuda")
_add(-240, _CL, "America/Santiago")
_add(-300, None, "America/Bogota America/Lima America/Panama America/Jamaica America/Guayaquil America/Cancun EST")
_add(-300, _US, "America/New_York America/Toronto America/Detroit America/Montreal US/Eastern EST5EDT")
_add(-360, None, "America/Mexico_City America/Costa_Rica America/Guatemala America/El_Salvador America/Monterrey")
_add(-360, _US, "America/Chicago America/Winnipeg US/Central CST6CDT")
_add(-420, None, "America/Phoenix US/Arizona MST")
_add(-420, _US, "America/Denver America/Edmonton US/Mountain MST7MDT")
_add(-480, _US, "America/Los_Angeles America/Vancouver America/Tijuana US/Pacific PST8PDT")
_add(-540, _US, "America/Anchorage US/Alaska")
_add(-600, None, "Pacific/Honolulu US/Hawaii HST")

_HOUR = timedelta(hours=1)
_ZERO = timedelta(0)


class ZoneInfoNotFoundError(KeyError):
    """A zone that is not in the table."""


class ZoneInfo(tzinfo):
    """A time zone by its IANA name."""

    _known = {}

    def __new__(cls, key):
        if key not in cls._known:
            cls._known[key] = cls.no_cache(key)
        return cls._known[key]

    @classmethod
    def no_cache(cls, key):
        if key not in _ZONES:
            raise AuthoringError(
                codes.UNKNOWN_TIME_ZONE,
                f"the time zone `{key}` is not known while dag.py is compiled",
                "write dates in UTC (`datetime(2025, 1, 1, tzinfo=timezone.utc)`), and the schedule in UTC",
                current_place(exact=True),
            )
        zone = tzinfo.__new__(cls)
        zone._key = key
        zone._winter = timedelta(minutes=_ZONES[key][0])
        zone._rule = _ZONES[key][1]
        return zone

    @property
    def key(self):
        return self._key

    name = key

    def utcoffset(self, when):
        if when is None:
            return self._winter if self._rule is None else None
        return self._winter + self.dst(when)

    def dst(self, when):
        if when is None or self._rule is None:
            return _ZERO
        return _HOUR if _is_summer(self._rule, when.replace(tzinfo=None), self._winter) else _ZERO

    def tzname(self, when):
        return self._key

    def fromutc(self, when):
        local = when + self._winter
        return local + self.dst(local) if self._rule else local

    def __repr__(self):
        return f"zoneinfo.ZoneInfo(key={self._key!r})"

    def __str__(self):
        return self._key

    def __reduce__(self):
        return (type(self), (self._key,))

    def __eq__(self, other):
        return isinstance(other, ZoneInfo) and other._key == self._key

    def __hash__(self):
        return hash(self._key)


def _is_summer(rule, local, winter):
    year = local.year
    if rule == _EU:
        return _sunday(year, 3, -1, 1) + winter <= local < _sunday(year, 10, -1, 1) + winter + _HOUR
    if rule == _US:
        return _sunday(year, 3, 2, 2) <= local < _sunday(year, 11, 1, 2)
    start, end = {
        _AU: (_sunday(year, 10, 1, 2), _sunday(year, 4, 1, 3)),
        _NZ: (_sunday(year, 9, -1, 2), _sunday(year, 4, 1, 3)),
        _CL: (_sunday(year, 9, 1, 0), _sunday(year, 4, 1, 0)),
    }[rule]
    return local >= start or local < end


def _sunday(year, month, which, hour):
    """The which-th Sunday of a month (-1: the last), at an hour."""
    if which < 0:
        first_of_next = datetime(year + month // 12, month % 12 + 1, 1)
        last = first_of_next - timedelta(days=1)
        return last - timedelta(days=(last.weekday() + 1) % 7) + timedelta(hours=hour)
    first = datetime(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (which - 1), hours=hour)


def available_timezones():
    return set(_ZONES)


TZPATH = ()


def reset_tzpath(to=None):
    pass


__all__ = ["TZPATH", "ZoneInfo", "ZoneInfoNotFoundError", "available_timezones", "reset_tzpath"]
