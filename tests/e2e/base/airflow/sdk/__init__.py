"""Decorators that keep the function at hand, and record nothing: the graph was compiled before the image was built."""


class Placeholder:
    """Stands where a task's output or an operator would: takes any argument, any attribute, any edge."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Placeholder()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder()

    def __getitem__(self, key):
        return Placeholder()

    def __rshift__(self, other):
        return other

    __lshift__ = __rrshift__ = __rlshift__ = __rshift__

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False


class Task(Placeholder):
    """A decorated function. Calling it, as the body of a DAG does, runs nothing."""

    def __init__(self, function):
        self.function = function


class TaskDecorator:
    """`@task`, `@task(...)` and `@task.bash`."""

    def __call__(self, function=None, **options):
        return Task(function) if callable(function) else Task

    def __getattr__(self, name):
        return self


def dag(function=None, **options):
    """`@dag` and `@dag(...)`: what they return builds nothing when it is called."""
    return Placeholder() if callable(function) else Placeholder


task = TaskDecorator()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Placeholder
