"""Standard modules that reach outside: they import, since task functions use them, but calling them here is refused."""

import sys

from _leoflow import refusal

_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec

# A name covers its submodules as well.
_MODULES = frozenset("""
    _ctypes _multiprocessing _posixsubprocess _socket _sqlite3 _ssl ctypes curses dbm.gnu dbm.ndbm dbm.sqlite3 fcntl
    ftplib grp http.client http.server imaplib mmap multiprocessing nntplib poplib pty pwd readline resource select
    selectors signal smtplib socket socketserver sqlite3 ssl subprocess syslog telnetlib termios tkinter tty
    urllib.request webbrowser wsgiref xmlrpc
    """.split())
# `pathlib` and others do `try: import pwd except ImportError`; a stand-in would send them the wrong way.
_ABSENT = frozenset(["_ctypes", "_posixsubprocess", "_socket", "_sqlite3", "_ssl", "fcntl", "grp", "pwd", "resource"])


_EXCEPTIONS = ("Error", "Exception", "Expired", "Timeout", "timeout", "gaierror", "herror")


class Name:
    """Any name of a refused module: it can be imported, subclassed and named in annotations, not used."""

    def __init__(self, path):
        self.__dict__["_path"] = path
        self.__dict__["__name__"] = path.rpartition(".")[2]
        self.__dict__["__qualname__"] = self.__dict__["__name__"]

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Name(self._path + "." + name)

    def __setattr__(self, name, value):
        refuse(f"set `{self._path}.{name}`")

    def __call__(self, *arguments, **options):
        refuse(f"call {self._path}(){_shown(arguments)}")

    def __mro_entries__(self, bases):
        return ()

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __getitem__(self, item):
        return self

    def __enter__(self):
        refuse(f"use {self._path}")

    def __iter__(self):
        refuse(f"use {self._path}")

    def __repr__(self):
        return f"<{self._path}, refused while dag.py is compiled>"


def _shown(arguments):
    if not arguments:
        return ""
    first = arguments[0]
    if isinstance(first, (list, tuple)) and all(isinstance(part, str) for part in first):
        first = " ".join(first)
    return f" `{first}`" if isinstance(first, str) else ""


def refuse(what):
    raise refusal(f"dag.py may not {what}")


def forbid_threads():
    """Before `threading` keeps the function: a thread would outlive the watch over dag.py's lines."""
    import _thread

    def start_new_thread(*arguments, **options):
        refuse("start a thread")

    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, start_new_thread)


class Finder:
    """Stands in for each of the modules."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        parts = name.split(".")
        covered = any(".".join(parts[: end + 1]) in _MODULES for end in range(len(parts)))
        if not covered or name in _ABSENT and not _wanted_by_author():
            return None
        return _ModuleSpec(name, Finder, origin="<refused>", is_package=True)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        answer_every_name(module, Name, OSError)


def answer_every_name(module, make, error_base):
    """Gives a module any name that is asked of it; those of exceptions are classes, as `except` needs them."""

    def __getattr__(attribute):
        if attribute.startswith("__") and attribute.endswith("__") and attribute != "__version__":
            raise AttributeError(attribute)
        if attribute.endswith(_EXCEPTIONS):
            error = type(attribute, (error_base,), {"__module__": module.__name__})
            return module.__dict__.setdefault(attribute, error)
        return make(module.__name__ + "." + attribute)

    module.__dict__["__getattr__"] = __getattr__


def _wanted_by_author():
    """Whether the import statement is the author's, not the standard library's."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if filename.startswith("/home/leoflow/"):
            return True
        if "importlib" not in filename:
            return False
        frame = frame.f_back
    return False
