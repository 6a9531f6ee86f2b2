"""Errors that name the author's file and line."""

import _leoflow_codes as codes
from _leoflow import AuthoringError, current_place, is_authors

__all__ = ["AuthoringError", "codes", "current_place", "fail", "is_authors", "place_of"]


def fail(code, message, help, place=None):
    raise AuthoringError(code, message, help, place if place is not None else current_place(exact=True))


def place_of(function):
    """Where a function is defined, when the author wrote it."""
    code = getattr(function, "__code__", None)
    if code is None or not is_authors(code.co_filename):
        return None
    return {"file": code.co_filename[len("/home/leoflow/") :], "line": code.co_firstlineno}
