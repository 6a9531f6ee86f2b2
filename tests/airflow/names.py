"""Executed by a Python that has Apache Airflow: writes `src/python/airflow/_names.py`, the names that its modules have.

`names.py > src/python/airflow/_names.py`
"""

import importlib
import inspect
import logging
import pkgutil
import textwrap
import warnings

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

import airflow.sdk

# What DAG files import from; of packages, the modules right below.
ROOTS = """
    airflow.assets airflow.configuration airflow.decorators airflow.exceptions airflow.io airflow.lineage airflow.listeners
    airflow.macros airflow.models airflow.notifications airflow.plugins_manager airflow.policies airflow.sdk airflow.sdk.api
    airflow.sdk.bases airflow.sdk.configuration airflow.sdk.definitions airflow.sdk.definitions.decorators
    airflow.sdk.exceptions airflow.sdk.execution_time airflow.sdk.io airflow.sdk.log airflow.sdk.module_loading
    airflow.sdk.observability airflow.sdk.serde airflow.sdk.timezone airflow.sdk.types airflow.secrets airflow.security
    airflow.sensors airflow.settings airflow.stats airflow.task airflow.timetables airflow.triggers airflow.typing_compat
    airflow.utils airflow.version
    """.split()
OLD = "AirflowException AirflowFailException AirflowSkipException AirflowSensorTimeout AirflowTaskTimeout DagRun State XCom"
EVERYWHERE = [*airflow.sdk.__all__, *OLD.split(), "AirflowNotFoundException"]


def modules():
    for root in ROOTS:
        module = imported(root)
        if module is not None:
            yield root
            yield from (f"{root}.{found.name}" for found in pkgutil.iter_modules(getattr(module, "__path__", ())))


def imported(name):
    try:
        return importlib.import_module(name)
    except BaseException:  # of another database, or of a package that is not installed
        return None


def names(module):
    known = {name for name, value in vars(module).items() if is_airflows(name, value, module)}
    known |= {*getattr(module, "__all__", ()), *getattr(module, "__lazy_imports", ())} | {name for name in EVERYWHERE if hasattr(module, name)}
    return sorted(name for name in known if name.isidentifier() and not name.startswith("_"))


def is_airflows(name, value, module):
    """Whether a module defines the name, or makes it; what it imports from elsewhere is not its own."""
    if name.isupper():
        return name != "TYPE_CHECKING"
    if inspect.isclass(value) or inspect.isfunction(value):
        home = getattr(value, "__module__", None) or ""
        return home == module.__name__ or home.startswith("airflow") and module.__name__.count(".") == 1
    return not inspect.ismodule(value) and type(value).__module__.startswith("airflow")


print('"""The public names of the modules of Airflow 3.3; `tests/airflow/names.py` writes them."""\n\nNAMES = """')
for name in sorted({*modules()}):
    module = imported(name)
    if module is not None and "._" not in name and "test" not in name:
        text = f"{name}: {' '.join(names(module))}"
        print(textwrap.fill(text, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
print('"""')
