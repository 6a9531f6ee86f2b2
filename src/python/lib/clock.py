"""Time and chance, the same in each run: a clock that starts at a fixed instant, random numbers from a fixed seed.

What dag.py declares must not depend on when or where it is compiled, or the image's digest would. Each reading of the
clock moves it by a microsecond and `sleep` by its argument, so that code that waits for time to pass ends.
"""

import time as _time

START = 946_684_800  # 2000-01-01T00:00:00Z, seconds since the Unix epoch
SEED = 0

_now_ns = START * 1_000_000_000
_urandom_state = 0x9E3779B97F4A7C15


def _tick():
    global _now_ns
    _now_ns += 1_000
    return _now_ns


def _seconds():
    return _tick() / 1_000_000_000


def _elapsed_ns():
    return _tick() - START * 1_000_000_000


def _elapsed():
    return _elapsed_ns() / 1_000_000_000


def sleep(seconds):
    global _now_ns
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _now_ns += int(seconds * 1_000_000_000)


def urandom(size):
    """A xorshift64* stream: not secret, only shapeless."""
    global _urandom_state
    stream = bytearray()
    while len(stream) < size:
        x = _urandom_state
        x ^= x >> 12
        x ^= (x << 25) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 27
        _urandom_state = x
        stream += ((x * 0x2545F4914F6CDD1D) & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")
    return bytes(stream[:size])


def _utc(function):
    def in_utc(seconds=None):
        return function(_seconds() if seconds is None else seconds)

    return in_utc


def _mktime(fields):
    days = _days_before(fields[0], fields[1]) + fields[2] - 1
    return float(days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5])


def _days_before(year, month):
    """Days from the Unix epoch to the first of the month (civil calendar)."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def install():
    _time.time = _seconds
    _time.time_ns = _tick
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(_time, name, _elapsed)
        setattr(_time, name + "_ns", _elapsed_ns)
    _time.sleep = sleep
    _time.gmtime = _utc(_time.gmtime)
    _time.localtime = _time.gmtime
    _time.mktime = _mktime
    _time.timezone = _time.altzone = _time.daylight = 0
    _time.tzname = ("UTC", "UTC")
    strftime, asctime = _time.strftime, _time.asctime
    _time.strftime = lambda format, fields=None: strftime(format, _time.gmtime() if fields is None else fields)
    _time.asctime = lambda fields=None: asctime(_time.gmtime() if fields is None else fields)
    _time.ctime = lambda seconds=None: asctime(_time.gmtime(seconds))
    for name in ("clock_gettime", "clock_gettime_ns", "clock_settime", "clock_getres"):
        if hasattr(_time, name):
            delattr(_time, name)
    _seed_random()


def _seed_random():
    import _random

    class Random(_random.Random):
        def __init__(self, seed=None):
            self.seed(seed)

        def seed(self, seed=None):
            super().seed(SEED if seed is None else seed)

    _random.Random = Random
