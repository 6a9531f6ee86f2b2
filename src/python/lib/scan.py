"""What dag.py names, read and not executed: imports, connections, variables, DAGs; also inside task bodies.

The modules of the project that it imports are read along with it. Left out is what no pod would import: what stands under
`if TYPE_CHECKING:` and under `if __name__ == "__main__":`.
"""

import ast
import re
import sys

from _leoflow import ROOT, _decode, _holds_python, compile_file, host_look, host_read
from _leoflow_dependencies import is_known, package_of

# Standard modules that Python 3.10 to 3.12 have, and the embedded one has not any more.
_FORMER = frozenset("""
    aifc asynchat asyncore audioop binhex cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib nis nntplib
    ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib
    """.split())
# What comes with Airflow itself.
_OF_AIRFLOW = frozenset(["airflow", "pendulum"])
# Packages that hold modules of several distributions: what is imported from them tells which.
_SHARED = frozenset("""
    azure azure.ai azure.data azure.keyvault azure.mgmt azure.storage databricks google google.cloud opentelemetry
    snowflake
    """.split())
# In Jinja templates.
_TEMPLATES = {
    "variables": re.compile(r"\bvar\.(?:value|json)\.([A-Za-z_]\w*)"),
    "connections": re.compile(r"\bconn\.([A-Za-z_]\w*)"),
}


def scan(dag_source):
    """Reads dag.py, and each module of the project that it imports, once."""
    found = {"imports": [], "connections": [], "variables": [], "dag_ids": [], "files": []}
    pending, main = [dag_source], True
    while pending:
        file = pending.pop(0)
        if file in found["files"]:
            continue
        found["files"].append(file)
        path = f"{ROOT}/{file}"
        compile_file(path)  # says where it is no Python
        tree = ast.parse(_decode(host_read(path)), path)
        reader = _Reader(file, dag_source)
        reader.visit(tree)
        pending += reader.local
        found["imports"] += reader.imports
        for kind in ("connections", "variables"):
            found[kind] += [name for name in reader.names[kind] if name not in found[kind]]
        if main:
            found["dag_ids"], main = reader.dag_ids, False
    return found


class _Reader(ast.NodeVisitor):
    def __init__(self, file, dag_source):
        self._file = file
        # As `sys.path` is while dag.py runs.
        self._search = list(dict.fromkeys([dag_source.rpartition("/")[0], ""]))
        self.imports, self.local, self.dag_ids = [], [], []
        self.names = {"connections": [], "variables": []}

    # --- imports ---

    def visit_Import(self, node):
        for alias in node.names:
            self._imported(alias.name, None, node.lineno)

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if node.level:
            parts = self._file.split("/")[: -node.level]
            module = ".".join(parts + ([module] if module else []))
        for alias in node.names:
            self._imported(module, alias.name, node.lineno)

    def _imported(self, module, name, line):
        top = module.partition(".")[0]
        files = self._of_project(module, name) if top != "airflow" else None
        if files is not None:
            self.local += files
        elif top == "airflow" or not is_standard(top):
            dotted = f"{module}.{name}" if name and module in _SHARED else module
            package = None if top in _OF_AIRFLOW else package_of(dotted)
            known = package is not None and is_known(dotted)
            self.imports.append(
                {"module": module, "name": name, "package": package, "known": known, "file": self._file, "line": line}
            )

    def _of_project(self, module, name):
        """The files of the project that an import reads; `None` when it is not the project's."""
        for directory in self._search:
            base = f"{ROOT}/{directory}".rstrip("/")
            top = base + "/" + module.partition(".")[0]
            if host_look(top + ".py") == "file" or (host_look(top) == "directory" and _holds_python(top)):
                wanted = [module, f"{module}.{name}"] if name else [module]
                files = [file for path in wanted for file in _files_of(base, path)]
                return [file[len(ROOT) + 1 :] for file in dict.fromkeys(files)]
        return None

    # --- what is never executed in a pod ---

    def visit_If(self, node):
        if not _is_elsewhere(node.test):
            self.visit(node.test)
            for statement in node.body:
                self.visit(statement)
        for statement in node.orelse:
            self.visit(statement)

    # --- connections, variables, DAGs ---

    def visit_Call(self, node):
        name = _last_name(node.func)
        first = _text(node.args[0]) if node.args else None
        given = {keyword.arg: _text(keyword.value) for keyword in node.keywords}
        for key, text in given.items():
            self._setting(key, text)
        owner = _last_name(getattr(node.func, "value", None))
        if name == "get_connection" or (owner, name) == ("Connection", "get"):
            self._named("connections", first or given.get("conn_id"))
        if (owner, name) == ("Variable", "get"):
            self._named("variables", first or given.get("key"))
        if name == "DAG":
            self._declared(given.get("dag_id") or first)
        self.generic_visit(node)

    def visit_Dict(self, node):
        for key, value in zip(node.keys, node.values):
            self._setting(_text(key), _text(value))
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        for decorator in node.decorator_list:
            if _last_name(decorator) == "dag":
                self._declared(node.name)
            elif isinstance(decorator, ast.Call) and _last_name(decorator.func) == "dag":
                given = {keyword.arg: _text(keyword.value) for keyword in decorator.keywords}
                first = _text(decorator.args[0]) if decorator.args else None
                self._declared(given.get("dag_id") or first or node.name)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Constant(self, node):
        if isinstance(node.value, str) and "{{" in node.value:
            for kind, pattern in _TEMPLATES.items():
                for name in pattern.findall(node.value):
                    self._named(kind, name)

    def _setting(self, key, text):
        if key == "conn_id" or (isinstance(key, str) and key.endswith("_conn_id")):
            self._named("connections", text)

    def _named(self, kind, name):
        if name and "{{" not in name and name not in self.names[kind]:
            self.names[kind].append(name)

    def _declared(self, dag_id):
        if dag_id and dag_id not in self.dag_ids:
            self.dag_ids.append(dag_id)


def is_standard(top):
    return top == "__future__" or top in sys.stdlib_module_names or top in _FORMER


def _files_of(base, module):
    """The files that importing a module executes: those of the packages above it, and its own."""
    path = base
    for part in module.split("."):
        path += "/" + part
        if host_look(path + "/__init__.py") == "file":
            yield path + "/__init__.py"
        elif host_look(path + ".py") == "file":
            yield path + ".py"


def _is_elsewhere(test):
    if _last_name(test) == "TYPE_CHECKING":
        return True
    return isinstance(test, ast.Compare) and _last_name(test.left) == "__name__"


def _last_name(node):
    return getattr(node, "attr", None) or getattr(node, "id", None)


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
