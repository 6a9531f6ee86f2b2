"""Values that are not there while dag.py is compiled: they can be named, called, decorated with, subclassed and kept.

What is only kept costs nothing. Where such a value would shape the DAG (a condition, a loop, a text, an argument of a
task) it says by itself what it is and which line made it.
"""

import sys

from _leoflow import current_place, is_authors
from _leoflow_refused import Name

_IN_CLASS_BODY, _OPTIMIZED = "__qualname__", 0x01


class Opaque(Name):
    """One such value."""

    def __init__(self, path, place=None):
        super().__init__(path)
        self.__dict__["_place"] = place

    def leoflow_shape(self, *arguments, **options):
        """Raises what is to be said when the value shapes a DAG."""
        raise NotImplementedError

    def _check_call(self, arguments, options):
        """Raises when the call itself would shape a DAG."""

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return type(self)(self._path + "." + name, self._place)

    def __call__(self, *arguments, **options):
        if _decorates(arguments, options):
            return _decorated(arguments[0], self)
        self._check_call(arguments, options)
        return type(self)(self._path + "()", current_place())

    def __setattr__(self, name, value):
        self._check_call((value,), {})

    def __setitem__(self, key, value):
        self._check_call((value,), {})

    def __getitem__(self, item):
        return self

    def __mro_entries__(self, bases):
        return (_base_of(self),)

    def __or__(self, other):
        return self

    __ror__ = __and__ = __rand__ = __or__

    def __hash__(self):
        return hash(self._path)

    def __eq__(self, other):
        """`typing` compares what annotations name; the author's own comparison decides something."""
        if is_authors(sys._getframe(1).f_code.co_filename):
            self.leoflow_shape()
        return self is other or type(other) is type(self) and self._path == other._path

    def __ne__(self, other):
        if is_authors(sys._getframe(1).f_code.co_filename):
            self.leoflow_shape()
        return not self == other

    def __repr__(self):
        return f"<{self._path}, not there while dag.py is compiled>"


_SHAPING = (
    "bool len iter next contains lt le gt ge int float index str format fspath enter aenter complex round add radd sub "
    "rsub mul rmul truediv rtruediv floordiv mod rmod pow neg rshift rrshift lshift rlshift bytes matmul"
)


def _shapes(self, *arguments, **options):
    self.leoflow_shape()


for _name in _SHAPING.split():
    setattr(Opaque, f"__{_name}__", _shapes)


# --- decorators -------------------------------------------------------------------------------------------------------


def _decorates(arguments, options):
    """Whether a call is `@name` on a function or class: it gives back what it was given."""
    return len(arguments) == 1 and not options and (hasattr(arguments[0], "__code__") or isinstance(arguments[0], type))


def _decorated(target, value):
    """A class whose `__init__` the decorator would have written takes anything; a function stays what it is."""
    if not isinstance(target, type):
        return _guarded(target, value)
    if not _authors_init(target):
        for name, function in _instance_functions(value).items():
            setattr(target, name, function)
    return target


def _guarded(function, value):
    """Called inside a DAG, what the decorator made of it might declare a task."""

    def called(*arguments, **options):
        value._check_call(arguments, options)
        return function(*arguments, **options)

    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(called, name, getattr(function, name))
    called.__wrapped__ = function
    return called


def _authors_init(target):
    return "__init__" in vars(target)


def in_class_body_or_decorator(frame, line_of):
    """Whether an author's frame executes a class body or the line of a decorator, neither of which declares a task."""
    if not frame.f_code.co_flags & _OPTIMIZED and _IN_CLASS_BODY in frame.f_locals:
        return True
    return line_of(frame).lstrip().startswith("@")


# --- subclasses -------------------------------------------------------------------------------------------------------

_bases = {}


def _base_of(value):
    """A base class for the author's own: made when it is asked for, since `abc` costs time."""
    if value._path not in _bases:
        from abc import ABCMeta

        class Meta(ABCMeta):
            def __getattr__(cls, name):
                if name.startswith("_"):
                    raise AttributeError(name)
                return type(value)(f"{cls.__name__}.{name}", current_place())

        members = {**_instance_functions(value), "__init_subclass__": classmethod(lambda cls, **options: None)}
        _bases[value._path] = Meta(value.__name__, (), {**members, "__module__": "_leoflow_opaque"})
    return _bases[value._path]


def _instance_functions(value):
    make = type(value)

    def __init__(self, *arguments, **options):
        self.__dict__["leoflow_made"] = make(type(self).__name__ + "()", current_place())

    def __getattribute__(self, name):
        get = object.__getattribute__
        if name.startswith("_") or name.startswith("leoflow_"):
            return get(self, name)
        own = _defined(type(self), name)
        if hasattr(own, "__get__") and not isinstance(own, Opaque):
            return get(self, name)
        if name in get(self, "__dict__"):
            return get(self, name)
        made = _made(self, make)
        return make(f"{made._path}.{name}", made._place)

    def leoflow_shape(self):
        _made(self, make).leoflow_shape()

    def __call__(self, *arguments, **options):
        return make(type(self).__name__ + "()()", current_place())

    members = {f"__{name}__": lambda self, *arguments: self.leoflow_shape() for name in ("iter", "len", "str", "format")}
    own = (__init__, __getattribute__, leoflow_shape, __call__)
    return {**members, **{function.__name__: function for function in own}}


def _made(instance, make):
    """What stands for an instance; one whose class does not call `super().__init__()` has nothing yet."""
    made = object.__getattribute__(instance, "__dict__").get("leoflow_made")
    return make(type(instance).__name__ + "()", None) if made is None else made


def _defined(cls, name):
    for owner in cls.__mro__:
        if name in vars(owner):
            return vars(owner)[name]
    return None


def refuse_shape(value):
    """Lets a value that is not there say so."""
    shape = getattr(type(value), "leoflow_shape", None)
    if shape is not None:
        shape(value)


def authors_frame():
    """The innermost frame of the author's."""
    frame = sys._getframe(1)
    while frame is not None and not is_authors(frame.f_code.co_filename):
        frame = frame.f_back
    return frame
