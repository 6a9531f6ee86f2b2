from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from airflow.sdk import dag, task

if TYPE_CHECKING:
    import pandas as pd
    from airflow.sdk.definitions.context import Context

log = logging.getLogger(__name__)
logger = logging.getLogger("airflow.task")
log.setLevel(logging.INFO)
log.info("parsing %s", __file__)


@dataclass(frozen=True)
class Source:
    name: str
    tags: list[str] = field(default_factory=list)


class Pair(NamedTuple):
    left: str
    right: int = 0


class Reader(Protocol):
    def read(self) -> pd.DataFrame: ...


@task
def read(name: str, context: Context | None = None) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


@dag(dag_id="type_checking", schedule="@daily", doc_md=__doc__)
def pipeline() -> None:
    for source in (Source("a"), Source("b", ["x"])):
        read.override(task_id=f"read_{source.name}")(source.name)


dag = pipeline()

if __name__ == "__main__":
    dag.test(logical_date=None)

# --- what it means ---
# dag type_checking schedule=@daily
# read_a python `type_checking:read` args={"name":"a"}
# read_b python `type_checking:read` args={"name":"b"}
