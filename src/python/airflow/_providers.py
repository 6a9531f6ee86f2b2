"""The import side: provider modules that capture, names that moved, hooks that belong inside tasks."""

import sys

from _leoflow_suggest import nearest

from airflow._report import AuthoringError, codes, current_place, is_authors

_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec

_BUNDLED = "airflow.providers.standard.operators."

# Older homes of names, which Airflow keeps for a while or has given up; `_names` has those of today.
_ALIASES = {
    "airflow.datasets": "Dataset",
    "airflow.models": "XComArg",
    "airflow.models.baseoperator": "BaseOperator chain chain_linear cross_downstream",
    "airflow.models.param": "Param ParamsDict",
    "airflow.sensors.base": "BaseSensorOperator PokeReturnValue",
    "airflow.utils.helpers": "chain cross_downstream",
    "airflow.utils.task_group": "TaskGroup",
    "airflow.utils.timezone": "datetime utcnow parse utc",
    "airflow.utils.trigger_rule": "TriggerRule",
    "airflow.utils.weight_rule": "WeightRule",
}
# What means the same whichever module it is imported from.
_SAME = frozenset("""
    Asset AssetModel BaseOperator Connection CronDataIntervalTimetable CronTriggerTimetable DAG DagRunState DagRunType Dataset
    DeltaDataIntervalTimetable DeltaTriggerTimetable EdgeModifier Label Param ParamsDict State TaskGroup TaskInstanceState
    TriggerRule Variable WeightRule XComArg asset chain chain_linear cross_downstream dag get_current_context
    get_parsing_context setup task task_group teardown
    """.split()) - {"AssetModel"}
_EXCEPTIONS_OF = ("airflow.exceptions", "airflow.sdk.exceptions")
_OLD_EXCEPTIONS = "AirflowFailException AirflowSensorTimeout AirflowSkipException AirflowTaskTerminated AirflowTaskTimeout TaskDeferred"
# Whatever is asked of them.
_OPEN = ("airflow.example_dags", "airflow.providers.common.compat")
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


_names = {}


def names_of(module):
    """The names that a module of Airflow has, or `None` where there is no such module."""
    if not _names:
        from airflow._names import NAMES

        for line in NAMES.strip().replace("\n  ", " ").splitlines():
            name, _, known = line.partition(":")
            _names[name] = frozenset(known.split())
    return _names.get(module)


def _is_known(name):
    return name in _ALIASES or name in _STANDARD or name.startswith(_OPEN) or names_of(name) is not None


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
        if parts[1] == "providers" or _is_known(name):
            return _ModuleSpec(name, _Finder, origin="<leoflow>/" + name, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return _Provider(spec.name)

    @staticmethod
    def exec_module(module):
        name = module.__name__
        find = _capture if name.startswith("airflow.providers.") and not _is_known(name) else _look_up
        module.__dict__["__getattr__"] = lambda attribute: find(module, attribute)


class _Provider(type(sys)):
    """A module, or what looks like one: a function of a provider (`send_slack_notification`) is imported as if it were."""

    def __call__(self, *arguments, **keywords):
        from airflow._elsewhere import Elsewhere

        return Elsewhere(self.__name__)(*arguments, **keywords)

    def leoflow_shape(self, *arguments):
        from airflow._elsewhere import Elsewhere

        Elsewhere(self.__name__).leoflow_shape()


def _look_up(module, attribute):
    """Names are looked up when they are asked for, so that importing one home does not load everything."""
    name = module.__name__
    here = [*_ALIASES.get(name, "").split(), *_STANDARD.get(name, "").split(), *(names_of(name) or ())]
    if name in _EXCEPTIONS_OF:
        here = [*here, *_OLD_EXCEPTIONS.split(), *names_of(_EXCEPTIONS_OF[1])]
    if attribute.startswith("__"):
        raise AttributeError(attribute)
    if f"{name}.{attribute}" in _ALIASES or names_of(f"{name}.{attribute}") is not None:
        raise AttributeError(attribute)  # a submodule: the import goes on to find it
    if attribute in here or name.startswith(_OPEN):
        return module.__dict__.setdefault(attribute, _name(name, attribute))
    raise AuthoringError(
        codes.NOT_IN_AIRFLOW,
        f"`{name}` has no `{attribute}`",
        _not_there_help(attribute, here),
        current_place(exact=True),
    )


def _not_there_help(attribute, here):
    meant = nearest(attribute, here)
    return f"did you mean `{meant}`?" if meant else "authoring names of Airflow 3 come from `airflow.sdk`"


def _name(module, attribute):
    import airflow._bundled
    import airflow.sdk
    from airflow._elsewhere import Elsewhere

    if attribute in airflow._bundled.BUNDLED:
        return airflow._bundled.BUNDLED[attribute]
    if attribute in _SAME or attribute in _ALIASES.get(module, "").split() or module in _TIMES and attribute in _TIME:
        return getattr(airflow.sdk, attribute)
    if module in _EXCEPTIONS_OF or attribute.startswith("Airflow") and attribute.endswith(_EXCEPTION_ENDS):
        return _exception(attribute)
    if module == _COMPAT and attribute == "timezone":
        import airflow.sdk.timezone

        return airflow.sdk.timezone
    return Elsewhere(f"{module}.{attribute}")


_TIMES, _TIME = ("airflow.utils.timezone", "airflow.sdk.timezone"), ("datetime", "utcnow", "parse", "utc")
_COMPAT = "airflow.providers.common.compat.sdk"
_EXCEPTION_ENDS = ("Exception", "Error", "Timeout", "Terminated")


def _exception(name):
    """The same class from every home, below `AirflowException`."""
    import airflow.sdk

    known = vars(airflow.sdk).get(name)
    return known or vars(airflow.sdk).setdefault(name, type(name, (airflow.sdk.AirflowException,), {}))


def _capture(module, attribute):
    if attribute[0].islower() or attribute.startswith("__"):
        # `from airflow.providers.x.operators import y`: the import goes on to look for a module.
        raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r}")
    path = f"{module.__name__}.{attribute}"
    if not _of_operators(module.__name__.split("."), attribute):
        from airflow._elsewhere import Elsewhere

        return module.__dict__.setdefault(attribute, Elsewhere(path))
    from airflow._bundled import CapturedOperator

    captured = type(attribute, (CapturedOperator,), {"_class_path": path, "__module__": module.__name__})
    module.__dict__[attribute] = captured
    return captured


_ELSEWHERE = frozenset("decorators executors links notifications secrets triggers utils version".split())


def _of_operators(parts, attribute):
    """Whether a provider's class is an operator; notifiers and triggers are not."""
    return not _ELSEWHERE.intersection(parts) or attribute.endswith(("Operator", "Sensor"))


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
