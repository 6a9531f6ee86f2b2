from typing import Any, Dict

from airflow.sdk import DAG, task


@task
def produce() -> Dict[str, Any]:
    return {"a": 1}


@task
def consume(values: dict[str, int], *, label: str = "x") -> None: ...


with DAG("dict_annotation"):
    consume(produce(), label="y")

# --- what it means ---
# dag dict_annotation
# produce python `dict_annotation:produce`
# consume python `dict_annotation:consume` after=produce xcom={"values":["produce"]} args={"label":"y"}
