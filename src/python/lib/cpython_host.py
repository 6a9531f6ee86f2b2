"""`host.rs` and `project_files.rs` once more, for a CPython of the host: run with `-c`, a request on stdin, a report on stdout.

What follows is the same code that the embedded interpreter executes (`bootstrap.py` and our modules, sent along with the
request). CPython can reach the system by itself, so its own modules that do are not found, and an audit hook (PEP 578)
refuses what is left. That keeps honest code to what it could do in the embedded interpreter; it does not contain a
hostile one.
"""

import sys

if sys.version_info < (3, 10) or sys.implementation.name != "cpython":
    sys.exit("leoflow needs a CPython, 3.10 or newer")

import _frozen_importlib_external as _files
import _io
import _signal
import faulthandler
import os

# What dag.py puts in the place of `str` or `len` is not what is used here.
__builtins__ = dict(vars(sys.modules["builtins"]))

ROOT = "/home/leoflow"
KEPT_OUTPUT = 64 << 10
LARGEST_FILE = 16 << 20
# Seconds of CPU that one native operation may go on past the wall limit.
NATIVE_GRACE = 0.15

# What the embedded interpreter has natively, and what only makes it faster. The others reach outside, tell the host's
# time (`_datetime`), or are not there either.
NATIVE = frozenset(
    """
    _abc _ast _bisect _blake2 _codecs _collections _contextvars _csv _decimal _functools _heapq _imp _io _json _md5
    _opcode _operator _random _sha1 _sha2 _sha256 _sha3 _sha512 _sre _stat _statistics _string _struct _suggestions
    _symtable _sysconfig _thread _tokenize _typing _warnings _weakref array atexit binascii builtins cmath errno gc
    itertools marshal math pyexpat sys time unicodedata zlib
    """.split()
)

# --- the project's files (`project_files.rs`) ---------------------------------------------------------------------------


real_open = _io.FileIO


class Files:
    """The project, read-only, and what was read of it."""

    def __init__(self, root):
        self.root = root.rstrip("/")
        self.read = set()

    def find(self, path):
        """Returns what a path, as dag.py writes it, leads to, and where that lies on the host."""
        path.encode()  # as Rust, which takes no lone surrogates
        inside = relative(path)
        if inside is None:
            return "outside", None
        try:
            real = os.path.realpath(self.root + "/" + inside, strict=True)
            mode = os.stat(real).st_mode
        except (OSError, ValueError):
            return "missing", None
        if real != self.root and not real.startswith(self.root + "/"):
            return "outside", None
        kinds = {0o100000: "file", 0o040000: "directory"}
        return kinds.get(mode & 0o170000, "special"), real

    def look(self, path):
        return self.find(path)[0]

    def bytes_of(self, path):
        kind, real = self.find(path)
        if kind != "file":
            raise OSError("not a file of the project")
        try:
            with real_open(real) as file:
                found = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise OSError(f"{error.strerror} (os error {error.errno})") from None
        if len(found) > LARGEST_FILE:
            raise OSError(f"it is larger than {LARGEST_FILE >> 20} MiB")
        self.read.add(relative(path))
        return found

    def list(self, path):
        kind, real = self.find(path)
        return sorted(filter(is_text, os.listdir(real))) if kind == "directory" else []


def relative(path):
    """A path as dag.py writes it, relative to the project's root; `None` when it leaves the project."""
    parts = []
    for part in (path if path.startswith("/") else ROOT + "/" + path).split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts[2:]) if parts[:2] == ["home", "leoflow"] else None


def is_text(name):
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


# --- modules ----------------------------------------------------------------------------------------------------------


def importer_of(modules):
    """Our own modules, from the sources that came with the request."""

    class Ours:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return _ModuleSpec(name, Ours, origin="leoflow", is_package=modules[name][0])

        @staticmethod
        def create_module(spec):
            return None

        @staticmethod
        def exec_module(module):
            name = module.__spec__.name
            exec(compile(modules[name][1], f"<leoflow {name}>", "exec", dont_inherit=True), module.__dict__)

    return Ours


_ModuleSpec = type(sys.__spec__)


class BuiltIn:
    """The native modules inside CPython that the embedded interpreter has as well."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return _built_in.find_spec(name) if name in NATIVE else None


_built_in = sys.modules["_frozen_importlib"].BuiltinImporter


class Source(_files.SourceFileLoader):
    """Reads with the `open` that dag.py does not have."""

    def get_data(self, path):
        with real_open(path) as file:
            return file.read()

    def exec_module(self, module):
        super().exec_module(module)
        if module.__name__ == "pathlib" and hasattr(module, "_NormalAccessor"):
            unbind(module._NormalAccessor)


def unbind(accessor):
    """Python 3.10 keeps functions of `os` in a class, where those of C do not become methods; ours, of Python, would."""
    for name, value in list(vars(accessor).items()):
        if getattr(value, "__module__", "pathlib") != "pathlib" and not isinstance(value, staticmethod):
            setattr(accessor, name, staticmethod(value))


class StandardLibrary:
    """Its files, and nothing of site-packages."""

    def __init__(self, directories):
        self.directories = directories
        self.finders = {}

    def find_spec(self, name, path=None, target=None):
        for directory in self.directories if path is None else path:
            spec = self.finder(directory).find_spec(name) if self.is_ours(directory) else None
            if spec is not None and (type(spec.loader) is Source or name in NATIVE):
                spec.has_location = False  # no `__file__`, as in the embedded interpreter
                return spec
        return None

    def is_ours(self, directory):
        return isinstance(directory, str) and directory.startswith(tuple(self.directories))

    def finder(self, directory):
        if directory not in self.finders:
            extensions = (_files.ExtensionFileLoader, sys.modules["_imp"].extension_suffixes())
            self.finders[directory] = _files.FileFinder(directory, extensions, (Source, [".py"]))
        return self.finders[directory]


def take_over():
    """Leaves only what the embedded interpreter starts with; what dag.py imports is imported anew."""
    directories = [path for path in sys.path if path.startswith("/") and not path.endswith(".zip")]
    sys.meta_path[:] = [BuiltIn, StandardLibrary(directories)]
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    kept = NATIVE | {"_frozen_importlib", "_frozen_importlib_external", "codecs"}
    for name in list(sys.modules):
        if name not in kept and name.partition(".")[0] != "encodings":
            del sys.modules[name]
    return directories


# --- refusals ---------------------------------------------------------------------------------------------------------

_FORBIDDEN = ("ctypes.", "fcntl.", "gc.get_", "mmap.", "pty.", "resource.", "signal.", "socket.", "sqlite3.", "syslog.")
# Told by code of the standard library before it does something that is judged then.
_ONLY_TOLD = ("os.walk", "os.fwalk")


def audit(directories, files, refused):
    """Refuses every event (PEP 578) that leads out, but reading the standard library and the project."""
    readable = tuple(directory + "/" for directory in directories) + (files.root + "/",)
    listable = (*directories, files.root)

    def is_read(path, flags):
        return isinstance(path, str) and path.startswith(readable) and not (flags or 0) & (os.O_WRONLY | os.O_RDWR)

    def hook(event, arguments):
        if event == "open":
            if not is_read(arguments[0], arguments[2]):
                raise refused(f"dag.py may not open `{arguments[0]}`")
        elif event in ("os.listdir", "os.scandir"):
            if not (arguments[0] in listable or isinstance(arguments[0], str) and arguments[0].startswith(readable)):
                raise refused(f"dag.py may not list `{arguments[0]}`")
        elif event.startswith(_FORBIDDEN) or event.startswith("os.") and event not in _ONLY_TOLD:
            raise refused(f"dag.py may not do what CPython calls `{event}`")
        elif event == "subprocess.Popen":
            raise refused("dag.py may not start a program")

    sys.addaudithook(hook)


# --- the answer -------------------------------------------------------------------------------------------------------


class Answer:
    """The one answer, and the end of the process."""

    def __init__(self, files):
        self.files = files
        self.printed = []
        self.room = KEPT_OUTPUT

    def keep(self, text):
        encoded = as_text(text).encode()[: self.room]
        kept = encoded.decode(errors="ignore")
        self.room -= len(encoded)
        self.printed.append(kept)

    def give(self, outcome):
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        read = sorted(self.files.read, key=lambda path: path.split("/"))
        report = {"outcome": outcome, "files": read, "printed": "".join(self.printed)}
        try:
            text = json_of(report)
        except RecursionError:
            text = json_of({**report, "outcome": broken("a value that it gives to a task is nested too deeply")})
        except TypeError as error:
            text = json_of({**report, "outcome": broken(f"what it reported is {error}")})
        left = memoryview(text.encode())
        while left:
            left = left[os.write(1, left) :]
        os._exit(0)


def broken(reason):
    return {"broken": [reason, None]}


def json_of(value):
    """`to_json` of `host.rs`, as text; floats are written once more by Rust."""
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(as_text(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(json_of, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join([json_key(key) + ":" + json_of(item) for key, item in dict.items(value)]) + "}"
    raise TypeError(f"a {kind.__name__}")


def json_key(key):
    if not isinstance(key, str):
        raise TypeError("a key that is no string")
    return quoted(as_text(key))


def as_text(value):
    """Without lone surrogates, which UTF-8 cannot say."""
    try:
        str.encode(value)
        return str.__str__(value)
    except UnicodeEncodeError:
        return str.encode(value, "utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


try:
    from _json import encode_basestring as quoted
except ImportError:
    from json.encoder import py_encode_basestring as quoted

# --- execution --------------------------------------------------------------------------------------------------------


def watch(answer, current_place, seconds):
    """Answers at the wall limit; inside an endless native call, faulthandler has told the line on stderr before."""

    def at_the_limit(number, frame):
        answer.give({"timed_out": current_place()})

    faulthandler.enable(file=2, all_threads=False)
    _signal.signal(_signal.SIGALRM, at_the_limit)
    faulthandler.register(_signal.SIGALRM, file=2, all_threads=False, chain=True)
    _signal.setitimer(_signal.ITIMER_PROF, seconds + NATIVE_GRACE)
    _signal.setitimer(_signal.ITIMER_REAL, seconds)


def main():
    # JSON is Python but for three names; importing `json` would take longer than all of this.
    sent = eval(sys.stdin.buffer.read().decode(), {"null": None, "true": True, "false": False})
    request, modules = sent["request"], sent["modules"]
    files = Files(request["root"])
    answer = Answer(files)
    directories = take_over()
    module = type(sys)("_leoflow")
    module.__dict__.update(
        host_look=files.look,
        host_read=files.bytes_of,
        host_list=files.list,
        host_print=answer.keep,
        host_mark=lambda file, line: None,  # faulthandler tells the line
        host_is_ours=modules.__contains__,
        host_importer=importer_of(modules),
    )
    sys.modules["_leoflow"] = module
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    try:
        exec(compile(sent["bootstrap"], "<leoflow>", "exec", dont_inherit=True), module.__dict__)
        watch(answer, module.current_place, request["wall_limit_ms"] / 1000)
        audit(directories, files, module.refusal)
        outcome = module.run(request["dag_source"], request["packages"], request["traced"], request["again"])
    except BaseException as error:
        outcome = broken(f"its own modules failed ({type(error).__name__}: {error})")
    answer.give(outcome)


main()
