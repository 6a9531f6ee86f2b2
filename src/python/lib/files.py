"""`open()` for the project's files, in the reading modes."""

import _io
import builtins

import _leoflow_codes as codes
from _leoflow import Refused, host_look, host_read

_OPENED_INSIDE = "open it inside a function under `@task`: dag.py itself can read the project's own files, nothing else"


def text_of(path):
    if hasattr(type(path), "__fspath__"):
        path = type(path).__fspath__(path)
    if isinstance(path, bytes):
        path = path.decode()
    if isinstance(path, int):
        raise Refused(codes.FILE_REFUSED, "dag.py may not use file descriptors", _OPENED_INSIDE)
    if not isinstance(path, str):
        raise TypeError(f"expected str, bytes or os.PathLike object, not {type(path).__name__}")
    if "\0" in path:
        raise ValueError("embedded null byte")
    return path


def look(path):
    """`file`, `directory`, `missing`, `outside` or `special`."""
    return host_look(text_of(path))


def require(path):
    """Raises unless the path leads to something in the project; returns what."""
    path = text_of(path)
    kind = host_look(path)
    if kind == "outside":
        raise Refused(codes.FILE_REFUSED, f"dag.py may not read `{path}`: it is outside the project", _OPENED_INSIDE)
    if kind == "special":
        raise Refused(codes.FILE_REFUSED, f"dag.py may not read `{path}`: it is not a regular file", _OPENED_INSIDE)
    if kind == "missing":
        raise FileNotFoundError(2, "No such file in the project", path)
    return kind


def read(path):
    path = text_of(path)
    if require(path) == "directory":
        raise IsADirectoryError(21, "Is a directory", path)
    try:
        return host_read(path)
    except OSError as error:
        raise Refused(codes.FILE_REFUSED, f"dag.py may not read `{path}`: {error}", _OPENED_INSIDE) from None


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    if set(mode) - set("rbtU"):
        raise Refused(
            codes.FILE_REFUSED,
            f"dag.py may not write `{text_of(file)}`: it is executed without a place to write to",
            "write it inside a function under `@task`",
        )
    path = text_of(file)
    raw = ReadBytes(read(path))
    raw.name = path
    raw.mode = "rb"
    if "b" in mode:
        return raw
    text = _io.TextIOWrapper(raw, encoding=encoding or "utf-8", errors=errors, newline=newline)
    text.mode = "r"
    return text


class ReadBytes(_io.BytesIO):
    """A file's bytes, read at once."""

    def writable(self):
        return False

    def write(self, data):
        raise _io.UnsupportedOperation("not writable")


class FileIO(_io._RawIOBase):
    """Stands for the class that the interpreter lacks; `open()` never makes one."""

    def __init__(self, file, mode="r", closefd=True, opener=None):
        raise Refused(codes.FILE_REFUSED, f"dag.py may not open `{file}` with io.FileIO", "use `open(path)`")


class Printed:
    """sys.stdout and sys.stderr: what is written is kept and shown."""

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    closed = False
    mode = "w"

    def __init__(self, name, keep):
        self.name = name
        self._keep = keep

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._keep(text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    def seekable(self):
        return False

    def fileno(self):
        raise _io.UnsupportedOperation("fileno")

    def reconfigure(self, **options):
        pass


def install():
    import sys

    from _leoflow import host_print

    _io.FileIO = FileIO
    _io.open = _io.open_code = builtins.open = open
    sys.stdout = sys.__stdout__ = Printed("<stdout>", host_print)
    sys.stderr = sys.__stderr__ = Printed("<stderr>", host_print)
    sys.stdin = sys.__stdin__ = _io.StringIO("")
    builtins.input = _input


def _input(prompt=""):
    raise Refused(
        codes.REFUSED, "dag.py may not ask for input", "pass values with `params=` or `Variable` inside a task"
    )
