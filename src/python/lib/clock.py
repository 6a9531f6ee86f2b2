"""Time and chance, the same in each run: a clock that starts at a fixed instant, random numbers from a fixed seed.

What dag.py declares must not depend on when or where it is compiled, or the image's digest would. Each reading of the
clock moves it by a microsecond and `sleep` by its argument, so that code that waits for time to pass ends.

Which lines of the author's asked is kept. Whether what they declare depends on the answer shows a second run, in which
clock and chance stand elsewhere.
"""

import builtins as _builtins
import sys as _sys
import time as _time

START = 946_684_800  # 2000-01-01T00:00:00Z, seconds since the Unix epoch
START_AGAIN = 2_007_575_251  # 2033-08-13T19:47:31Z
SEED = 0
KEPT = 16  # of the lines that asked

asked = []  # {"place", "what"}, each line once, in order
_again = False

_now_ns = START * 1_000_000_000
_urandom_state = 0x9E3779B97F4A7C15


def _note(what):
    """Keeps the author's line that asked, unless it only imports a module that did."""
    frame = _sys._getframe(2)
    while frame is not None and len(asked) < KEPT:
        filename = frame.f_code.co_filename
        if _is_authors(filename):
            told = {"what": what, "place": _place(filename, frame.f_lineno)}
            if told not in asked:
                asked.append(told)
            return
        if "importlib" in filename:
            return
        frame = frame.f_back


def process_id():
    _note("the process id")
    return 2 if _again else 1


def note_address():
    """What `<object at 0x…>` says is told by whoever sees such a text."""
    _note("the address of an object")


def _direct(function, what, differently):
    """A built-in function that says something else each time; the standard library's own uses of it don't count."""

    def asked_directly(value):
        if _is_authors(_sys._getframe(1).f_code.co_filename):
            _note(what)
            return differently(function(value)) if _again else function(value)
        return function(value)

    asked_directly.__name__ = asked_directly.__qualname__ = function.__name__
    return asked_directly


def _tick():
    global _now_ns
    _now_ns += 1_000
    return _now_ns


def _seconds():
    _note("the clock")
    return _tick() / 1_000_000_000


def _nanoseconds():
    _note("the clock")
    return _tick()


def _elapsed_ns():
    _note("the clock")
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
    _note("chance")
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


def install(again=False):
    global _again, _now_ns, _urandom_state, _is_authors, _place
    from _leoflow import _place, is_authors as _is_authors

    _again = again
    if again:
        _now_ns = START_AGAIN * 1_000_000_000
        _urandom_state ^= 0x5DEECE66D
    _builtins.id = _direct(_builtins.id, "the address of an object", lambda address: address + (1 << 20))
    _time.time = _seconds
    _time.time_ns = _nanoseconds
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
            super().seed(SEED + _again if seed is None else seed)

        def random(self):
            _note("chance")
            return super().random()

        def getrandbits(self, count):
            _note("chance")
            return super().getrandbits(count)

    _random.Random = Random
