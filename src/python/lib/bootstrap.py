"""What runs first: modules from the project and from this program, files read-only, and the road out for errors.

The names `host_*` are the only functions that lead out of the interpreter; `src/python/host.rs` defines them. They can
look at, read and list the project's files, tell our own modules by name, and keep what is printed. No Python code can
give itself more, so nothing here is a security boundary: it is there to say *what* is refused, where, and what to do.
"""

import sys

_frozen_importlib = sys.modules["_frozen_importlib"]
_ModuleSpec = _frozen_importlib.ModuleSpec

ROOT = "/home/leoflow"
INTO_A_TASK = "do it inside a function under `@task`: that runs in the pod, dag.py only declares"


class Refused(PermissionError):
    """Something that dag.py cannot do while it is compiled."""

    def __init__(self, code, what, help):
        super().__init__(what)
        self.leoflow_code = code
        self.leoflow_message = what
        self.leoflow_help = help

    def __str__(self):
        return self.leoflow_message


def refusal(what):
    return Refused(codes.REFUSED, what, INTO_A_TASK)


class AuthoringError(Exception):
    """A rule of dag.json or of Airflow that the author's line breaks; `place` when it is not on the stack."""

    def __init__(self, code, message, help, place=None):
        super().__init__(message)
        self.leoflow_code = code
        self.leoflow_message = message
        self.leoflow_help = help
        self.leoflow_place = place


# --- places -----------------------------------------------------------------------------------------------------------


def _place(filename, line):
    return {"file": filename[len(ROOT) + 1 :], "line": line or 1}


def is_authors(filename):
    return filename.startswith(ROOT + "/")


def current_place(exact=False):
    """The innermost line of the author's that is being executed; if `exact`, with the columns of the expression."""
    frame = sys._getframe()
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            if exact:
                # RustPython's points behind the instruction.
                index = frame.f_lasti // 2 - (sys.implementation.name == "rustpython")
                return _exact_place(frame.f_code, frame.f_lineno, index)
            return _place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def _exact_place(code, line, index):
    """The place of an instruction (PEP 657); its line alone when dag.py has broken what it takes to tell."""
    place = _place(code.co_filename, line)
    try:
        for at, (line, end_line, start, end) in enumerate(code.co_positions()):
            if at == index:
                lines = _decode(host_read(code.co_filename)).split("\n")
                column, end_column = _characters(lines[line - 1], start), _characters(lines[end_line - 1], end)
                return {**place, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
    except BaseException:
        pass
    return place


def _characters(line, offset):
    """Positions count bytes of UTF-8, people count characters, from 1."""
    return len(line.encode()[:offset].decode()) + 1


def _mark_lines(frame, event, argument):
    """Traces the author's lines, so that one that never ends can be told even from outside the interpreter."""
    if not is_authors(frame.f_code.co_filename):
        return None
    if event == "line":
        host_mark(frame.f_code.co_filename[len(ROOT) + 1 :], frame.f_lineno)
    return _mark_lines


def _authors_places(traceback):
    places = []
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if is_authors(filename):
            place = _exact_place(traceback.tb_frame.f_code, traceback.tb_lineno, traceback.tb_lasti // 2)
            if not places or places[-1] != place:
                places.append(place)
        traceback = traceback.tb_next
    return places if len(places) <= 12 else places[:5] + places[-5:]


# --- modules ----------------------------------------------------------------------------------------------------------

# Frozen into this program; a CPython of the host is sent their sources, and brings an importer for them.
_our_importer = globals().get("host_importer", _frozen_importlib.FrozenImporter)


class _OurModules:
    """Finds the modules frozen into this program, before the project's: no `airflow/` beside dag.py hides ours."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "importlib":
            _complete_importlib()
        return _our_importer.find_spec(name) if host_is_ours(name) else None


class _ProjectModules:
    """Finds the project's own modules and packages."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        tail = name.rpartition(".")[2]
        for directory in sys.path if path is None else path:
            base = str(directory) + "/" + tail
            if host_look(base + "/__init__.py") == "file":
                return _project_spec(name, base + "/__init__.py", [base])
            if host_look(base + ".py") == "file":
                return _project_spec(name, base + ".py", None)
            if host_look(base) == "directory" and _holds_python(base):
                return _project_spec(name, None, [base])
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        # Not through `has_location`: importlib would compute the path of a bytecode cache, which there is not.
        origin = module.__spec__.origin
        if origin is not None:
            module.__file__ = origin
            exec(compile_file(origin), module.__dict__)

    @staticmethod
    def is_package(name):
        return _ProjectModules.find_spec(name).submodule_search_locations is not None

    @staticmethod
    def get_source(name):
        spec = sys.modules[name].__spec__
        return _decode(host_read(spec.origin))


def _holds_python(directory):
    """A directory without `__init__.py` is a namespace package (PEP 420); one of data only is no module at all."""
    return any(
        name.endswith(".py") or host_look(directory + "/" + name + "/__init__.py") == "file"
        for name in host_list(directory)
    )


def _project_spec(name, origin, locations):
    spec = _ModuleSpec(name, _ProjectModules, origin=origin, is_package=locations is not None)
    if locations is not None:
        spec.submodule_search_locations = locations
    return spec


def _decode(source):
    text = source.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compile_file(path):
    source = host_read(path)
    try:
        text = _decode(source)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise AuthoringError(
            codes.SOURCE_UNREADABLE, "SyntaxError: the file is not UTF-8", "save it as UTF-8", _place(path, line)
        ) from None
    return compile(text, path, "exec", dont_inherit=True)


def _complete_importlib():
    """Without a host environment nobody has tied the two halves of importlib together."""
    if "_frozen_importlib_external" not in sys.modules:
        import _frozen_importlib_external as external

        external._set_bootstrap_module(_frozen_importlib)
        _frozen_importlib._bootstrap_external = external


def _install(again):
    sys.path[:] = []
    sys.meta_path[:0] = [_OurModules, _ProjectModules]
    sys.builtin_module_names = tuple(sorted({*sys.builtin_module_names, "posix"}))
    import _leoflow_clock
    import _leoflow_files
    import _leoflow_refused

    global codes
    import _leoflow_codes as codes

    _leoflow_clock.install(again)
    _leoflow_files.install()
    _leoflow_refused.forbid_threads()
    # After the frozen standard library's own finders would have found, say, the real `socket`, it is too late.
    sys.meta_path.insert(2, _leoflow_refused.Finder)


# --- execution --------------------------------------------------------------------------------------------------------


def run(dag_source, packages, traced, again=False):
    """Executes dag.py and returns `{"declared": {...}}` or `{"fault": {...}}`.

    `traced` marks each of the author's lines; `again` sets another clock and other random numbers.
    """
    try:
        _install(again)
        if packages:
            import _leoflow_dependencies

            sys.meta_path.append(_leoflow_dependencies.Finder(packages))
        sys.settrace(_mark_lines if traced else None)
        try:
            main = _execute(dag_source)
        finally:
            sys.settrace(None)
        structure = sys.modules.get("airflow._dag")
        return {"declared": {"dags": [], "refused": []} if structure is None else structure.report(main)}
    except BaseException as error:  # dag.py may raise anything at all
        structure = sys.modules.get("airflow._dag")
        earlier = structure.fault_before(error) if hasattr(structure, "fault_before") else None
        return {"fault": earlier or fault_of(error)}


def scan(dag_source):
    """Reads dag.py without executing it and returns `{"scanned": {...}}` or `{"fault": {...}}`."""
    try:
        _install(False)
        import _leoflow_scan

        return {"scanned": _leoflow_scan.scan(dag_source)}
    except BaseException as error:
        return {"fault": fault_of(error)}


def _execute(dag_source):
    path = ROOT + "/" + dag_source
    directory, _, filename = path.rpartition("/")
    sys.path[:] = list(dict.fromkeys([directory, ROOT]))
    sys.argv[:] = [path]
    stem = filename.rpartition(".")[0] or filename
    module = _frozen_importlib.module_from_spec(_project_spec(stem, path, None))
    sys.modules[stem] = module
    _ProjectModules.exec_module(module)
    return module


def fault_of(error):
    # What an author's exception says about itself (`__getattribute__`, a metaclass) is not asked.
    places = _authors_places(BaseException.__traceback__.__get__(error))
    place = _own(error, "leoflow_place")
    if type(error) in _SYNTAX_ERRORS and is_authors(str(error.filename)):
        place = _syntax_place(error)
    if place is None and places:
        place = places.pop()
    elif places and places[-1] == place:
        places.pop()
    if place is None:  # kept for its DAG by code of ours that the author's line called
        place = current_place(exact=True)
    return {
        "code": _code(error),
        "message": _message(error),
        "place": place,
        "trace": places,
        "help": _help_or_none(error),
    }


_SYNTAX_ERRORS = (SyntaxError, IndentationError, TabError)


def _own(error, name):
    """What one of our own errors carries."""
    return getattr(error, name, None) if type(error) in (Refused, AuthoringError) else None


def _code(error):
    own = _own(error, "leoflow_code")
    if own is not None:
        return own
    if type(error) in _SYNTAX_ERRORS:
        return codes.SYNTAX_ERROR
    if type(error) is ModuleNotFoundError:
        return codes.NO_SUCH_MODULE
    if type(error) in (NameError, AttributeError, ImportError):
        return codes.NO_SUCH_NAME
    if type(error) is KeyError and _innermost(error) == ("os", "__getitem__"):
        return codes.ENVIRONMENT
    return codes.NOT_TO_THE_END if type(error) is SystemExit else codes.EXCEPTION


def _syntax_place(error):
    place = _place(error.filename, error.lineno)
    if error.offset:
        place["column"] = error.offset
        if error.end_lineno == error.lineno and error.end_offset and error.end_offset > error.offset:
            place["end_column"] = error.end_offset
    return place


def _message(error):
    own = _own(error, "leoflow_message")
    if own is not None:
        return own
    name = type.__dict__["__name__"].__get__(type(error))
    if type(error) in _SYNTAX_ERRORS:
        return f"{name}: {error.msg}"
    try:
        text = str(error)
    except BaseException:
        text = ""
    text = text.strip().partition("\n")[0].removesuffix(" (unknown location)")
    return f"{name}: {text}" if text else name


def _help_or_none(error):
    try:
        return _help(error)
    except BaseException:  # dag.py may have broken what a suggestion needs; it is not worth an error of its own
        return None


def _help(error):
    own = _own(error, "leoflow_help")
    if own is not None:
        return own
    meant = _meant(error)
    if meant is not None:
        return f"did you mean `{meant}`?"
    if type(error) is ModuleNotFoundError and error.name:
        return _missing_module_help(_wanted_module(error))
    if type(error) is KeyError and _innermost(error) == ("os", "__getitem__"):
        return (
            "the environment is empty while dag.py is compiled: read it inside a function under `@task`, or write "
            "`os.environ.get(name, default)`"
        )
    if type(error) is ImportError and "no known parent package" in str(error):
        return "dag.py is no part of a package; its directory is on sys.path: write `from module import name`"
    if type(error) is SystemExit:
        return 'dag.py has to run to its end: put what ends it under `if __name__ == "__main__":`'
    from _leoflow_help import plain

    return plain(error)


def _meant(error):
    from _leoflow_suggest import for_error

    return for_error(error, error.__traceback__, host_list, sys.path)


def _wanted_module(error):
    """The whole dotted name of the import statement: the error names the part that is missing first."""
    places = _authors_places(error.__traceback__)
    if not places:
        return error.name
    lines = _decode(host_read(f"{ROOT}/{places[-1]['file']}")).split("\n")
    words = lines[places[-1]["line"] - 1].replace(",", " ").replace("(", " ").split()
    if len(words) > 3 and words[0] == "from" and words[2] == "import":
        return _below(error.name, f"{words[1]}.{words[3]}")
    return _below(error.name, words[1]) if len(words) > 1 and words[0] == "import" else error.name


def _below(name, wanted):
    return wanted if wanted == name or wanted.startswith(name + ".") else name


def _missing_module_help(name):
    top = name.partition(".")[0]
    if top == "airflow":
        return f"the stand-in for Airflow 3 has no `{name}`: authoring names come from `airflow.sdk`"
    from _leoflow_dependencies import package_of
    from _leoflow_suggest import nearest

    near = nearest(top, getattr(sys, "stdlib_module_names", ()))
    return (f"did you mean `{near}`? else " if near else "") + (
        f"add `dependencies: [{package_of(name)}]` to leoflow.yaml if it is a package; a module of yours has to lie "
        f"beside dag.py"
    )


def _innermost(error):
    traceback = error.__traceback__
    code = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        traceback = traceback.tb_next
    if code is None:
        return None
    return code.co_filename.replace("\\", "/").rpartition("/")[2].removesuffix(".py"), code.co_name
