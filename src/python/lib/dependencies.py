"""Packages that leoflow.yaml declares: not installed while dag.py is compiled, so they import, and shape no DAG.

A module-level `import pandas as pd` is for the tasks below it, and so are a logger, a model or a decorator that a package
makes. The names of modules and of packages differ at times; what is not in the table has one name.
"""

import sys

import _leoflow_codes as codes
from _leoflow import Refused, current_place, host_read
from _leoflow_opaque import Opaque, authors_frame, in_class_body_or_decorator
from _leoflow_refused import answer_every_name

_ModuleSpec = sys.modules["_frozen_importlib"].ModuleSpec

# package -> modules
_MODULES = {
    "apache_airflow": "attr attrs dateutil httpx jinja2 packaging pydantic requests sqlalchemy yaml",
    "apache_airflow_providers_amazon": "boto3 botocore",
    "apache_airflow_providers_cncf_kubernetes": "kubernetes",
    "apache_airflow_providers_databricks": "databricks",
    "apache_airflow_providers_dbt_cloud": "dbt",
    "apache_airflow_providers_docker": "docker",
    "apache_airflow_providers_google": "google",
    "apache_airflow_providers_mongo": "pymongo bson",
    "apache_airflow_providers_mysql": "MySQLdb",
    "apache_airflow_providers_postgres": "psycopg2",
    "apache_airflow_providers_redis": "redis",
    "apache_airflow_providers_slack": "slack_sdk",
    "apache_airflow_providers_snowflake": "snowflake",
    "apache_airflow_providers_ssh": "paramiko",
    "astro_sdk_python": "astro",
    "astronomer_cosmos": "cosmos",
    "attrs": "attr attrs",
    "atlassian_python_api": "atlassian",
    "azure_identity": "azure",
    "beautifulsoup4": "bs4",
    "boto3": "boto3 botocore",
    "cx_oracle": "cx_Oracle",
    "dag_factory": "dagfactory",
    "databricks_sdk": "databricks",
    "databricks_sql_connector": "databricks",
    "dbt_core": "dbt",
    "dbt_snowflake": "dbt",
    "delta_spark": "delta",
    "faiss_cpu": "faiss",
    "geopandas": "geopandas pandas shapely numpy",
    "gitpython": "git",
    "google_api_python_client": "googleapiclient",
    "google_auth": "google",
    "google_cloud_aiplatform": "vertexai google",
    "grpcio": "grpc",
    "httpx": "httpx httpcore anyio",
    "hubspot_api_client": "hubspot",
    "ibis_framework": "ibis",
    "impyla": "impala",
    "ipython": "IPython",
    "jinja2": "jinja2 markupsafe",
    "kafka_python": "kafka",
    "matplotlib": "matplotlib mpl_toolkits numpy",
    "msgraph_sdk": "msgraph",
    "mysql_connector_python": "mysql",
    "mysqlclient": "MySQLdb",
    "opencv_contrib_python": "cv2",
    "opencv_python": "cv2",
    "opencv_python_headless": "cv2",
    "opensearch_py": "opensearchpy",
    "pandas": "pandas numpy dateutil pytz",
    "pillow": "PIL",
    "protobuf": "google",
    "psycopg2_binary": "psycopg2",
    "psycopg_binary": "psycopg",
    "pycryptodome": "Crypto",
    "pydantic": "pydantic pydantic_core annotated_types typing_extensions",
    "pygithub": "github",
    "pyjwt": "jwt",
    "pymongo": "pymongo bson",
    "pymupdf": "fitz pymupdf",
    "pynacl": "nacl",
    "pyopenssl": "OpenSSL",
    "pyserial": "serial",
    "pysftp": "pysftp paramiko",
    "pysocks": "socks",
    "pyspark": "pyspark py4j",
    "python_dateutil": "dateutil",
    "python_decouple": "decouple",
    "python_docx": "docx",
    "python_dotenv": "dotenv",
    "python_gitlab": "gitlab",
    "python_jose": "jose",
    "python_json_logger": "pythonjsonlogger",
    "python_ldap": "ldap",
    "python_levenshtein": "Levenshtein",
    "python_magic": "magic",
    "python_pptx": "pptx",
    "python_slugify": "slugify",
    "python_telegram_bot": "telegram",
    "pyyaml": "yaml",
    "pyzmq": "zmq",
    "requests": "requests urllib3 certifi",
    "ruamel_yaml": "ruamel",
    "scikit_image": "skimage numpy",
    "scikit_learn": "sklearn numpy scipy joblib",
    "scipy": "scipy numpy",
    "setuptools": "pkg_resources setuptools",
    "snowflake_connector_python": "snowflake",
    "snowflake_sqlalchemy": "snowflake",
    "statsmodels": "statsmodels pandas numpy scipy",
    "tensorflow": "tensorflow numpy",
    "umap_learn": "umap",
    "weaviate_client": "weaviate",
    "websocket_client": "websocket",
    "xgboost": "xgboost numpy scipy",
    "yfinance": "yfinance pandas numpy",
}
# What to declare where several packages hold a module, or its name does not say.
_NAMED = {
    "MySQLdb": "mysqlclient",
    "attr": "attrs",
    "azure": "azure-identity",
    "bson": "pymongo",
    "cv2": "opencv-python-headless",
    "databricks": "databricks-sdk",
    "databricks.sdk": "databricks-sdk",
    "databricks.sql": "databricks-sql-connector",
    "google": "google-auth",
    "google.api_core": "google-api-core",
    "google.auth": "google-auth",
    "google.cloud": "google-cloud-storage",
    "google.oauth2": "google-auth",
    "google.protobuf": "protobuf",
    "numpy": "numpy",
    "psycopg2": "psycopg2-binary",
    "ruamel": "ruamel-yaml",
    "snowflake": "snowflake-connector-python",
    "snowflake.connector": "snowflake-connector-python",
    "snowflake.snowpark": "snowflake-snowpark-python",
    "snowflake.sqlalchemy": "snowflake-sqlalchemy",
    "yaml": "PyYAML",
}
# Modules that have their package's name.
_SAME = frozenset("""
    adal aiohttp aiokafka anthropic arrow asyncpg avro babel backoff cachetools certifi chardet clickhouse_connect
    clickhouse_driver click cloudpickle confluent_kafka cryptography dask dateparser deltalake distributed dlt docker duckdb
    elasticsearch facebook_business faker fastapi fastavro fastparquet fiona flask folium fsspec ftfy gcsfs geopy googleads
    great_expectations gspread h3 holidays humanize hvac ibm_db jira joblib jsonschema kubernetes lightgbm loguru lxml
    markdown mlflow minio more_itertools msal msgpack networkx nltk numba numpy oauthlib openai openpyxl oracledb orjson
    pandera paramiko pdfplumber phonenumbers pika playwright plotly polars prometheus_client prophet psutil psycopg pyarrow
    pyathena pycountry pydantic_settings pyhive pyiceberg pymilvus pymssql pymysql pyodbc pyproj pytz pyxlsb qdrant_client
    rapidfuzz rasterio redis regex rich s3fs seaborn selenium sendgrid sentry_sdk shapely simple_salesforce simplejson
    six slack_sdk spacy sqlalchemy sqlglot sqlmodel sqlparse stripe structlog sympy tableauserverclient tabulate tenacity
    teradatasql thefuzz tiktoken toml tomli torch torchvision tqdm transformers trino tweepy twilio typer typing_extensions
    tzdata tzlocal ujson unidecode urllib3 vertica_python wordcloud xarray xlrd xlsxwriter xlwt xmltodict zeep zstandard
    """.split())
# Families whose packages share one root.
_ROOTS = ("google", "azure", "opentelemetry", "snowflake", "databricks")


def modules_of(package):
    if package in _MODULES:
        return _MODULES[package].split()
    root = package.partition("_")[0]
    return [root] if root in _ROOTS else [package]


def package_of(module):
    """What to declare for a module."""
    root = module.partition(".")[0]
    if module in _NAMED:
        return _NAMED[module]
    if root in _ROOTS:
        return _of_family(module)
    for package, modules in _MODULES.items():
        if modules.split()[0] == root and not package.startswith("apache_airflow"):
            return package.replace("_", "-")
    return root.replace("_", "-")


def is_known(module):
    """Whether `package_of` knows, or takes the module's name for the package's."""
    root = module.partition(".")[0]
    if root in _ROOTS:
        named = ".".join(module.split(".")[:2])
        deep = ("google.cloud.", "azure.storage.", "azure.keyvault.", "azure.mgmt.")
        return module.startswith(deep) or (named in _NAMED and named != "google.cloud") or module == "azure.identity"
    first = {modules.split()[0] for package, modules in _MODULES.items() if not package.startswith("apache_airflow")}
    return module in _NAMED or root in _SAME or root in first


def _of_family(module):
    """`google.cloud.storage` is `google-cloud-storage`."""
    parts = module.split(".")
    known = _NAMED.get(".".join(parts[:2]))
    if known is not None and len(parts) > 1 and (parts[:2] != ["google", "cloud"] or len(parts) == 2):
        return known
    deep = parts[0] == "azure" or parts[:2] == ["google", "cloud"]
    return "-".join(parts[: 3 if deep else 2]).replace("_", "-") if len(parts) > 1 else _NAMED.get(parts[0], parts[0])


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


# Arguments that only an operator, a group or a DAG takes.
_OF_TASKS = frozenset("task_id dag group_id task_group dag_id".split())


class DeclaredName(Opaque):
    """Any name of such a module, and what came of calling it."""

    def leoflow_shape(self, *arguments, **options):
        top = self._path.partition(".")[0].removesuffix("()")
        here = current_place()
        made = self._place if self._place and self._place != here else None
        raise Refused(
            codes.PACKAGE_USED,
            f"dag.py may not use `{self._path}`{_of_line(made)} while it is compiled: packages are only there in the pod",
            f"use `{top}` inside a function under `@task`; what shapes the DAG has to come from the standard library",
        )

    def _check_call(self, arguments, options):
        """Inside a DAG any call may declare a task, which would be dropped in silence."""
        if _OF_TASKS.intersection(options) or _takes_tasks(arguments, options) or _in_open_dag():
            DeclaredName(self._path + "()").leoflow_shape()


def _of_line(place):
    return f" of line {place['line']}" if place else ""


def _takes_tasks(arguments, options):
    edges = sys.modules.get("airflow._edges")
    if edges is None:
        return False
    values = [*arguments, *options.values()]
    return any(isinstance(value, edges.Joinable) for value in values) or bool(edges.results_in(values))


def _in_open_dag():
    structure = sys.modules.get("airflow._dag")
    if structure is None or structure.current_dag() is None:
        return False
    frame = authors_frame()
    return frame is None or not in_class_body_or_decorator(frame, _line)


def _line(frame):
    lines = host_read(frame.f_code.co_filename).decode("utf-8", "replace").splitlines()
    return lines[frame.f_lineno - 1] if frame.f_lineno <= len(lines) else ""
