"""Packages that leoflow.yaml declares: not installed while dag.py is compiled, so they import, and using them is refused.

A module-level `import pandas as pd` is for the tasks below it. The names of modules and of packages differ at times;
what is not in the table has one name.
"""

import sys

import _leoflow_codes as codes
from _leoflow import Refused
from _leoflow_refused import Name, answer_every_name

_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec

# package -> modules
_MODULES = {
    "apache_airflow": "attr attrs dateutil httpx jinja2 packaging pydantic requests sqlalchemy yaml",
    "apache_airflow_providers_amazon": "boto3 botocore",
    "apache_airflow_providers_cncf_kubernetes": "kubernetes",
    "apache_airflow_providers_databricks": "databricks",
    "apache_airflow_providers_docker": "docker",
    "apache_airflow_providers_google": "google",
    "apache_airflow_providers_mongo": "pymongo bson",
    "apache_airflow_providers_mysql": "MySQLdb",
    "apache_airflow_providers_postgres": "psycopg2",
    "apache_airflow_providers_redis": "redis",
    "apache_airflow_providers_slack": "slack_sdk",
    "apache_airflow_providers_snowflake": "snowflake",
    "apache_airflow_providers_ssh": "paramiko",
    "attrs": "attr attrs",
    "beautifulsoup4": "bs4",
    "boto3": "boto3 botocore",
    "dbt_core": "dbt",
    "mysqlclient": "MySQLdb",
    "opencv_python": "cv2",
    "opencv_python_headless": "cv2",
    "pandas": "pandas numpy dateutil pytz",
    "pillow": "PIL",
    "protobuf": "google",
    "psycopg2_binary": "psycopg2",
    "psycopg_binary": "psycopg",
    "pycryptodome": "Crypto",
    "pyjwt": "jwt",
    "pymongo": "pymongo bson",
    "pyopenssl": "OpenSSL",
    "pyserial": "serial",
    "python_dateutil": "dateutil",
    "python_dotenv": "dotenv",
    "pyyaml": "yaml",
    "requests": "requests urllib3 certifi",
    "scikit_learn": "sklearn numpy scipy joblib",
    "snowflake_connector_python": "snowflake",
}
# Families whose packages share one root.
_ROOTS = ("google", "azure", "opentelemetry", "snowflake")


def modules_of(package):
    if package in _MODULES:
        return _MODULES[package].split()
    root = package.partition("_")[0]
    return [root] if root in _ROOTS else [package]


def package_of(module):
    """What to declare for a module."""
    for package, modules in _MODULES.items():
        if modules.split()[0] == module and not package.startswith("apache_airflow"):
            return package.replace("_", "-")
    return module.replace("_", "-")


class Finder:
    """Stands in for the modules of the declared packages."""

    def __init__(self, packages):
        self._roots = {module.lower() for package in packages for module in modules_of(package)}
        if any(package.startswith("apache_airflow_providers_") for package in packages):
            self._roots.update(modules_of("apache_airflow"))

    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root.lower() not in self._roots:
            return None
        return _ModuleSpec(name, self, origin="<declared>", is_package=True)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        answer_every_name(module, DeclaredName, Exception)


class DeclaredName(Name):
    """Any name of such a module: it can be imported, subclassed and named in annotations, not used."""

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return DeclaredName(self._path + "." + name)

    def _refuse(self, *arguments, **options):
        top = self._path.partition(".")[0]
        raise Refused(
            codes.PACKAGE_USED,
            f"dag.py may not use `{self._path}` while it is compiled: packages are only there in the pod",
            f"use `{top}` inside a function under `@task`; what shapes the DAG has to come from the standard library",
        )

    __call__ = __enter__ = __iter__ = __bool__ = __len__ = __lt__ = __gt__ = __setattr__ = _refuse
