"""Imports, decorates and is named in annotations; running anything is for tasks."""

import types as _types

from _leoflow_refused import Name as _Name

CancelledError = type("CancelledError", (BaseException,), {})
TimeoutError = TimeoutError
QueueEmpty = type("QueueEmpty", (Exception,), {})
QueueFull = type("QueueFull", (Exception,), {})
InvalidStateError = type("InvalidStateError", (Exception,), {})


def iscoroutinefunction(function):
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & 0x80)


def iscoroutine(value):
    return isinstance(value, _types.CoroutineType)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _Name("asyncio." + name)
