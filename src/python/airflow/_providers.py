"""The import side: provider modules that capture, names that moved, hooks that belong inside tasks."""

import sys

from airflow._report import AuthoringError, codes, current_place, is_authors

_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec

_BUNDLED = "airflow.providers.standard.operators."

_EXCEPTIONS = (
    "AirflowException AirflowFailException AirflowNotFoundException AirflowSensorTimeout AirflowSkipException "
    "AirflowTaskTerminated AirflowTaskTimeout TaskDeferred"
)
# Older homes of the names of `airflow.sdk`.
_ALIASES = {
    "airflow.decorators": "task dag task_group",
    "airflow.configuration": "conf",
    "airflow.datasets": "Dataset",
    "airflow.models": "DAG BaseOperator Param XComArg Variable Connection DagRun TaskInstance XCom",
    "airflow.models.connection": "Connection",
    "airflow.models.dagrun": "DagRun",
    "airflow.models.taskinstance": "TaskInstance",
    "airflow.models.xcom": "XCom",
    "airflow.models.baseoperator": "BaseOperator chain chain_linear cross_downstream",
    "airflow.models.dag": "DAG dag",
    "airflow.models.param": "Param ParamsDict",
    "airflow.models.variable": "Variable",
    "airflow.models.xcom_arg": "XComArg",
    "airflow.sdk.bases": "",
    "airflow.sdk.bases.hook": "BaseHook",
    "airflow.sdk.bases.sensor": "BaseSensorOperator PokeReturnValue",
    "airflow.sdk.bases.operator": "BaseOperator chain chain_linear cross_downstream",
    "airflow.sdk.definitions": "",
    "airflow.sdk.definitions.asset": "Asset Dataset",
    "airflow.sdk.definitions.context": "Context get_current_context",
    "airflow.sdk.definitions.taskgroup": "TaskGroup",
    "airflow.sdk.definitions.xcom_arg": "XComArg",
    "airflow.sdk.definitions.dag": "DAG dag",
    "airflow.sdk.definitions.param": "Param ParamsDict",
    "airflow.sdk.exceptions": _EXCEPTIONS,
    "airflow.sdk.io": "ObjectStoragePath",
    "airflow.sensors": "",
    "airflow.sensors.base": "BaseSensorOperator PokeReturnValue",
    "airflow.exceptions": _EXCEPTIONS,
    "airflow.timetables": "",
    "airflow.timetables.interval": "CronDataIntervalTimetable DeltaDataIntervalTimetable",
    "airflow.timetables.trigger": "CronTriggerTimetable DeltaTriggerTimetable",
    "airflow.utils": "",
    "airflow.utils.context": "Context",
    "airflow.utils.dates": "",
    "airflow.utils.state": "DagRunState State TaskInstanceState",
    "airflow.utils.edgemodifier": "Label",
    "airflow.utils.helpers": "chain cross_downstream",
    "airflow.utils.task_group": "TaskGroup",
    "airflow.utils.timezone": "datetime utcnow parse",
    "airflow.utils.trigger_rule": "TriggerRule",
    "airflow.task": "",
    "airflow.task.trigger_rule": "TriggerRule",
}
_STANDARD = {
    _BUNDLED + "bash": "BashOperator",
    _BUNDLED + "empty": "EmptyOperator",
    _BUNDLED + "python": "PythonOperator BranchPythonOperator ShortCircuitOperator PythonVirtualenvOperator "
    "ExternalPythonOperator BranchPythonVirtualenvOperator BranchExternalPythonOperator",
    _BUNDLED + "branch": "BaseBranchOperator",
    _BUNDLED + "latest_only": "LatestOnlyOperator",
    _BUNDLED + "datetime": "BranchDateTimeOperator",
    _BUNDLED + "weekday": "BranchDayOfWeekOperator",
}
_MOVED = {"dummy": "empty", "dummy_operator": "empty", "bash_operator": "bash", "python_operator": "python"}


class _Finder:
    """Makes `airflow.*` modules that are not written out as files."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith("airflow."):
            return None
        parts = name.split(".")
        # A parent is imported first; the refusal names the module that the author wrote.
        if parts[1] == "operators":
            _refuse_moved(_wanted(name))
        if parts[1] == "hooks" or (parts[1] == "providers" and "hooks" in parts):
            _refuse_hook(_wanted(name))
        if name in _ALIASES or name in _STANDARD or parts[1] == "providers":
            return _ModuleSpec(name, _Finder, origin="<leoflow>/" + name, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        if name in _ALIASES or name in _STANDARD:
            _fill(module, (_ALIASES.get(name) or _STANDARD.get(name) or "").split())
        else:
            module.__dict__["__getattr__"] = lambda attribute: _capture(module, attribute)


def _fill(module, names):
    """Names are looked up when they are asked for, so that importing one home does not load everything."""

    def __getattr__(attribute):
        if attribute in names:
            return _name(attribute)
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        known = ", ".join(f"`{name}`" for name in names) or "nothing"
        raise AuthoringError(
            codes.NOT_IN_AIRFLOW,
            f"`{module.__name__}` has no `{attribute}` here; it has {known}",
            "authoring names of Airflow 3 come from `airflow.sdk`",
            current_place(exact=True),
        )

    module.__dict__["__getattr__"] = __getattr__


def _name(attribute):
    import airflow._bundled
    import airflow.sdk

    if attribute in airflow._bundled.BUNDLED:
        return airflow._bundled.BUNDLED[attribute]
    return getattr(airflow.sdk, attribute)


def _capture(module, attribute):
    if attribute[0].islower() or attribute.startswith("__"):
        # `from airflow.providers.x.operators import y`: the import goes on to look for a module.
        raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}")
    from airflow._bundled import CapturedOperator

    path = f"{module.__name__}.{attribute}"
    captured = type(attribute, (CapturedOperator,), {"_class_path": path, "__module__": module.__name__})
    module.__dict__[attribute] = captured
    return captured


def _refuse_hook(name):
    help = "import it inside the function under `@task` that uses it"
    if name.startswith("airflow.providers."):
        provider = name.removeprefix("airflow.providers.").partition(".hooks")[0]
        connector = provider.partition(".")[0] if provider.startswith(("google.", "amazon.")) else provider
        help += f", and declare the provider: `connectors: [{connector}]` (or its package under `dependencies:`) in leoflow.yaml"
    raise AuthoringError(
        codes.HOOK_AT_TOP,
        f"`{name}` is a hook, and hooks are not there while dag.py is compiled",
        help,
        current_place(exact=True),
    )


def _wanted(name):
    """The whole dotted name of the import statement that led here: importlib's outermost frame has it."""
    frame = sys._getframe()
    while frame is not None and not is_authors(frame.f_code.co_filename):
        asked = frame.f_locals.get("name")
        if "importlib" in frame.f_code.co_filename and isinstance(asked, str) and asked.startswith(name + "."):
            name = asked
        frame = frame.f_back
    return name


def _refuse_moved(name):
    parts = name.split(".")
    if len(parts) == 2:
        raise AuthoringError(
            codes.MOVED_MODULE,
            "`airflow.operators` is gone from Airflow 3",
            f"import from `{_BUNDLED[:-1]}` (`.bash`, `.python`, `.empty`)",
            current_place(exact=True),
        )
    tail = ".".join([_MOVED.get(parts[2], parts[2]), *parts[3:]])
    raise AuthoringError(
        codes.MOVED_MODULE, f"`{name}` is gone from Airflow 3", f"import from `{_BUNDLED}{tail}`", current_place(exact=True)
    )


def install():
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(1, _Finder)


__all__ = ["install", "is_authors"]
