"""How the pod finds a function: by its name in a module. Two functions of one name are told apart here, or refused."""

import sys

from airflow._binding import unwrapped
from airflow._report import codes, fail, is_authors

main = None  # dag.py's module, once it has run
_names = {}  # see _names_of_main


def entry_point(function, task):
    """`<module>:<name>` under which the pod finds the function."""
    stem = main.__name__
    if _same(main.__dict__.get(function.__name__), function):
        return f"{stem}:{function.__name__}"
    name = _names_of_main().get(id(function))
    if name is not None:
        return f"{stem}:{name}"
    _check_findable(function, task)
    module = sys.modules.get(function.__module__)
    if module is not None and _same(module.__dict__.get(function.__name__), function):
        if not is_authors(getattr(module, "__file__", None) or ""):
            fail(
                codes.FUNCTION_NOT_FOUND,
                f"`{function.__module__}.{function.__name__}` of the task `{task.task_id}` is not a function of the project",
                "wrap it in a function of dag.py",
                task._place,
            )
        return f"{function.__module__}:{function.__name__}"
    return f"{stem}:{function.__name__}"  # inside a `@dag` function


def _names_of_main():
    """Function, by its identity -> the first name that dag.py has for it."""
    if not _names:
        from airflow._taskflow import TaskFactory

        for name, value in main.__dict__.items():
            _names.setdefault(id(value), name)
            if isinstance(value, TaskFactory):
                _names.setdefault(id(value.function), name)
    return _names


def _check_findable(function, task):
    """The pod looks a function up by its name in the file, or in the `@dag` function that is called there."""
    name = function.__name__
    if "." in function.__qualname__.rpartition("<locals>.")[2]:
        fail(
            codes.FUNCTION_NOT_FOUND,
            f"`{function.__qualname__}` of the task `{task.task_id}` is a method; the pod finds a function by its name",
            "write a function with `def` outside of the class",
            task._place,
        )
    shadow = main.__dict__.get(name)
    shadow = unwrapped(getattr(shadow, "function", shadow))
    if hasattr(shadow, "__code__") and function.__module__ == main.__name__ and not equivalent(shadow, function):
        fail(
            codes.FUNCTION_NOT_FOUND,
            f"the pod would run another `{name}` for the task `{task.task_id}`: the file defines it again",
            "give each function a name of its own, and pass it what differs as an argument",
            task._place,
        )


def equivalent(one, other):
    """Whether it makes no difference which of two functions is called: a loop makes the same one many times."""
    if one is other:
        return True
    one, other = unwrapped(one), unwrapped(other)
    return (
        one.__code__ == other.__code__
        and _alike(one.__defaults__, other.__defaults__)
        and _alike(one.__kwdefaults__, other.__kwdefaults__)
        and _alike(_captured(one), _captured(other))
    )


def _captured(function):
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            found.append(None)
    return found


def _alike(one, other):
    if one is other:
        return True
    if isinstance(one, (list, tuple)) and type(one) is type(other) and len(one) == len(other):
        return all(map(_alike, one, other))
    if hasattr(one, "__code__") and hasattr(other, "__code__"):
        return equivalent(one, other)
    return type(one) is type(other) and type(one) in (bool, int, float, str, bytes, dict) and one == other


def _same(value, function):
    from airflow._taskflow import TaskFactory

    return value is function or (isinstance(value, TaskFactory) and value.function is function)
