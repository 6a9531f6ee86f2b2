"""One concrete thing to do about an exception that Python itself raises."""

from _leoflow_suggest import nearest

_BLOCKS = ("async", "class", "def", "elif", "else", "except", "finally", "for", "if", "match", "try", "while", "with")
_HOMES = {
    "datetime": "datetime",
    "timedelta": "datetime",
    "timezone": "datetime",
    "Path": "pathlib",
    "json": None,
    "os": None,
    "sys": None,
    "re": None,
}
_PLAIN = {
    IndexError: "the list is shorter than that: indexes count from 0",
    ZeroDivisionError: "check the divisor before the division",
    FileNotFoundError: "paths are relative to the project's directory: put the file beside dag.py",
    UnicodeDecodeError: "open the file with its encoding: `open(path, encoding=…)`, or read bytes: `open(path, 'rb')`",
    IndentationError: "line it up with the lines of its block, and indent with spaces only",
    TabError: "indent with spaces only",
    RecursionError: "a function calls itself without end",
    AssertionError: "make true what the line asserts, or remove it",
    NotImplementedError: "move the call into a function under `@task`, where everything is there",
}
_ANY = (
    "dag.py has to run to its end: mend the marked expression, or, if it is work, move it into a function under `@task`"
)


def plain(error):
    kind = type(error)
    if kind is SyntaxError:
        return _syntax(error)
    if kind is NameError:
        return _name(str(error).split("'")[1])
    if kind is AttributeError:
        return _attribute(error)
    if kind is ImportError:
        return "import a name that the module has, from the module that has it"
    if kind is KeyError:
        return _key(error)
    if kind is TypeError:
        return _type(str(error))
    if kind is ValueError:
        return "pass a value that the marked call can make sense of"
    return _PLAIN.get(kind, _ANY)


def _syntax(error):
    line = (error.text or "").strip()
    if line.split(" ")[0].split("(")[0].rstrip(":") in _BLOCKS and not line.endswith((":", ",", "(", "[", "{", "\\")):
        return "end the line with `:`"
    if sum(map(line.count, "([{")) > sum(map(line.count, ")]}")):
        return "close the bracket that the line opens"
    return "look here and at the line above: a bracket, a quote, a comma or a `:` is missing, or one too many"


def _name(name):
    if name in _HOMES:
        home = _HOMES[name]
        return f"add `from {home} import {name}` at the top" if home else f"add `import {name}` at the top"
    import airflow.sdk

    if name in airflow.sdk.__all__:
        return f"add `from airflow.sdk import {name}` at the top"
    return f"define or import `{name}` above this line"


def _attribute(error):
    owner = getattr(error, "obj", error)
    if owner is None:
        return "what stands before the dot is None: check it before it is used"
    names = [name for name in dir(owner) if not name.startswith("_")][:8]
    return "its names: " + ", ".join(names) if names else "use a name that it has"


def _key(error):
    traceback = error.__traceback__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    key = error.args[0] if error.args else None
    values = [*frame.f_locals.values(), *frame.f_globals.values()]
    known = [known for value in values if type(value) is dict for known in value if type(known) is str]
    near = nearest(key, known) if type(key) is str and len(key) > 2 else None
    return f'did you mean `"{near}"`?' if near else "use a key that is there, or write `.get(key, default)`"


def _type(text):
    if "argument" in text:
        return "pass the arguments that its `def` names, each once"
    if "unsupported operand" in text or "can only concatenate" in text:
        return "make both sides of the operator of one type, with `str(…)` or `int(…)`"
    return "pass a value of the type that the marked expression takes"
