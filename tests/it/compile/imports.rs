//! What imports, what may be kept of it, and where it may not shape the DAG.

use std::fmt::Write;

use super::{describe, describe_error, interpreter, or_refused, project};

/// Executes a file whose leoflow.yaml declares these packages; what it declares, or its error.
fn found(source: &str, requirements: &[&str]) -> String {
    let requirements: Vec<_> = requirements.iter().map(|&name| name.to_owned()).collect();
    let project = project(&[("dag.py", source)]);
    match or_refused(interpreter().execute_with(project.path(), "dag.py", &requirements)) {
        Ok(execution) => execution.dags.iter().map(describe).collect(),
        Err(error) => describe_error(&error, 0),
    }
}

#[test]
fn every_public_name_of_airflow_imports() {
    let names = include_str!("../../../src/python/airflow/_names.py");
    let names = names.split("NAMES = \"\"\"\n").nth(1).and_then(|text| text.split("\"\"\"").next()).expect("the names");
    let mut source = String::new();
    for line in names.replace("\n  ", " ").lines() {
        let (module, names) = line.split_once(':').expect("a module");
        match names.split_whitespace().collect::<Vec<_>>().join(", ") {
            names if names.is_empty() => writeln!(source, "import {module}"),
            names => writeln!(source, "from {module} import {names}"),
        }
        .expect("a string");
    }
    assert!(source.len() > 30_000, "{}", source.len());
    assert_eq!(found(&source, &[]), "");
}

#[test]
fn names_of_airflow_are_refused_where_they_shape_the_dag() {
    let check = |source: &str, expected: &str| {
        let source = format!("from airflow.sdk import *\nfrom airflow.sdk import DAG, EmptyOperator, task\n{source}\n");
        let said = found(&source, &[]);
        assert!(said.starts_with(expected), "{source}\n{said}");
    };
    check("x = AssetAlias('a')\nwith DAG('a', schedule=None): pass", "dag a\n");
    check(
        "x = AssetAlias('a')\nwith DAG('a', schedule=x): pass",
        "line 4: `airflow.sdk.AssetAlias()` cannot be expressed in dag.json\nschedule by time",
    );
    check("with DAG('a', schedule=Asset('x') & Asset('y')): pass", "line 3: `schedule` names assets");
    check(
        "with DAG('a', deadline=DeadlineAlert(reference=1)): pass",
        "line 3: `airflow.sdk.DeadlineAlert()` cannot be expressed",
    );
    check(
        "with DAG('a', schedule=MultipleCronTriggerTimetable('@daily', timezone='UTC')): pass",
        "line 3: `airflow.sdk.MultipleCronTriggerTimetable()`",
    );
    check(
        "from airflow.configuration import conf\nif conf.getboolean('core', 'x'): pass",
        "line 4: `airflow.configuration.conf.getboolean()` is not available while dag.py is compiled",
    );
    check(
        "from airflow.models import DagRun\nwith DAG('a', description=DagRun.find()): pass",
        "line 4: `airflow.models.DagRun.find()` is not available",
    );
    check(
        "from airflow.sdk.bases.decorator import task_decorator_factory\nmine = lambda f: task_decorator_factory(python_callable=f)\n\
         with DAG('a'): mine(print)()",
        "line 4: `airflow.sdk.bases.decorator.task_decorator_factory()` is not available",
    );
    check("@setup\ndef s(): ...\nwith DAG('a'): s()", "line 3: `@setup` cannot be expressed in dag.json");
    check("@teardown\ndef s(): ...\nwith DAG('a'): EmptyOperator(task_id='t')", "dag a\n");
    check(
        "class N(BaseNotifier):\n  def notify(self, context): ...\n@task(on_failure_callback=N())\ndef t(): ...\nwith DAG('a'): t()",
        "dag a\nt python `dag:t` callback=true",
    );
    check("if get_parsing_context().dag_id is None:\n  with DAG('a'): pass", "dag a\n");
    check(
        "with DAG('a'): EmptyOperator(task_id='t', weight_rule=WeightRule.DOWNSTREAM, trigger_rule=TriggerRule.ALL_DONE.value)",
        "dag a\nt airflow_operator",
    );
    check(
        "from airflow.models import Vairable",
        "line 3: `airflow.models` has no `Vairable`\ndid you mean `Variable`?",
    );
    check("from airflow.nowhere import X", "line 3: ModuleNotFoundError: No module named 'airflow.nowhere'");
    check(
        "from airflow.providers.slack.notifications.slack import send_slack_notification\n\
         @task(on_failure_callback=send_slack_notification(text='x'))\ndef t(): ...\nwith DAG('a'): t()",
        "dag a\nt python `dag:t` callback=true",
    );
    check(
        "from airflow.providers.common.compat.sdk import timezone, BaseOperator, AirflowException\n\
         with DAG('a', start_date=timezone.datetime(2025, 1, 1)): pass",
        "dag a start=2025-01-01T00:00:00+00:00",
    );
}

const MODULES: &str = "\
from __future__ import annotations
import logging
import pandas as pd
import structlog
from pydantic import BaseModel, Field, field_validator
from tenacity import retry, stop_after_attempt
from typing import Optional
from airflow.sdk import DAG, EmptyOperator, task
logger = structlog.get_logger(__name__)
logger.info('read', rows=1)
Frame = Optional[pd.DataFrame] | list[pd.Series]
class Row(BaseModel, frozen=True):
    name: str = 'x'
    size: int = Field(1, gt=0)
    @field_validator('name')
    @classmethod
    def check(cls, value): return value
class Wide(Row):
    other: Optional[Row] = None
DEFAULT = Row(name='a')
@retry(stop=stop_after_attempt(3))
def helper(): ...
@task
@retry(stop=stop_after_attempt(3))
def load(frame: pd.DataFrame, row: Row = DEFAULT) -> pd.DataFrame: ...
";

#[test]
fn declared_packages_may_be_kept_and_shape_no_dag() {
    let check = |source: &str, expected: &str| {
        let source = format!("{MODULES}{source}\n");
        let said = found(&source, &["pandas", "structlog", "pydantic>=2", "tenacity", "astronomer-cosmos"]);
        assert!(said.starts_with(expected), "{source}\n{said}");
    };
    check("with DAG('a'): load('x')", "dag a\nload python `dag:load` args={\"frame\":\"x\"}");
    check(
        "with DAG('a'):\n  @task\n  @retry(stop=stop_after_attempt(2))\n  def t(): ...\n  t()",
        "dag a\nt python `dag:t`",
    );
    check("with DAG('a'):\n  class In(BaseModel):\n    n: int = Field(2)\n  EmptyOperator(task_id='t')", "dag a\nt ");
    check(
        "NAMES = list('xy') if helper() is None else []\nwith DAG('a'): load(NAMES)",
        "dag a\nload python `dag:load` args={\"frame\":[\"x\",\"y\"]}",
    );
    check("\nwith DAG('a'): helper()", "line 27: dag.py may not use `tenacity.retry()()` while");
    let used = |what: &str| {
        format!(
            "line 27: dag.py may not use `{what}` of line 26 while it is compiled: packages are only there in the pod\n"
        )
    };
    check(
        "x = pd.read_csv('x.csv')\nfor row in x.itertuples(): pass",
        &used("pandas.read_csv().itertuples()").replace(" of line 26", ""),
    );
    check("x = pd.read_csv('x.csv')\nif len(x): pass", &used("pandas.read_csv()"));
    check("x = Wide(name='t')\nwith DAG('a'): EmptyOperator(task_id=x.name)", &used("Wide().name"));
    check("x = pd.Timestamp('2025-01-01')\nwith DAG('a', start_date=x): pass", &used("pandas.Timestamp()"));
    check("x = pd.Timestamp('2025-01-01')\nwith DAG('a'): load([x])", &used("pandas.Timestamp()"));
    check("x = pd.Timestamp('2025-01-01')\nprint(f'{x}')", &used("pandas.Timestamp()"));
    check("x = pd.io\nif x == pd.core: pass", "line 27: dag.py may not use `pandas.io` while");
    check("if pd.__version__ >= '2': pass", "line 26: dag.py may not use `pandas.__version__` while");
    check(
        "from cosmos import DbtTaskGroup\nwith DAG('a'): DbtTaskGroup(group_id='dbt')",
        "line 27: dag.py may not use `cosmos.DbtTaskGroup()` while",
    );
    check(
        "from cosmos import helpers\nwith DAG('a'): helpers.add_tasks()",
        "line 27: dag.py may not use `cosmos.helpers.add_tasks()` while",
    );
    check(
        "from cosmos import connect\nwith DAG('a') as d: t = load('x')\nconnect(t)",
        "line 28: dag.py may not use `cosmos.connect()` while",
    );
}

#[test]
fn what_is_not_declared_names_its_package() {
    let check = |line: &str, package: &str| {
        let said = found(line, &[]);
        assert!(said.starts_with("line 1: ModuleNotFoundError: No module named '"), "{line}: {said}");
        assert!(said.contains(&format!("add `dependencies: [{package}]` to leoflow.yaml")), "{line}: {said}");
    };
    check("import yaml", "PyYAML");
    check("import sklearn.svm as svm", "scikit-learn");
    check("from bs4 import BeautifulSoup", "beautifulsoup4");
    check("import cv2", "opencv-python-headless");
    check("from PIL import Image", "pillow");
    check("from dateutil.parser import parse", "python-dateutil");
    check("from dotenv import load_dotenv", "python-dotenv");
    check("import google.cloud.storage", "google-cloud-storage");
    check("from google.cloud import bigquery, storage", "google-cloud-bigquery");
    check("from google.oauth2 import service_account", "google-auth");
    check("from azure.storage.blob import BlobClient", "azure-storage-blob");
    check("import snowflake.connector", "snowflake-connector-python");
    check("import psycopg2", "psycopg2-binary");
    check("import MySQLdb", "mysqlclient");
    check("import jwt", "pyjwt");
    check("import git", "gitpython");
    check("import kafka", "kafka-python");
    check("import some_package.of.mine", "some-package");
}

#[test]
fn what_may_be_missing_may_be_tried() {
    let source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import polars\ntry:\n  import orjson as json\n\
                  except ImportError:\n  import json\nfrom airflow.sdk import DAG\nwith DAG('a', description=json.dumps(1)): pass";
    assert_eq!(found(source, &[]), "dag a description=1\n");
}
