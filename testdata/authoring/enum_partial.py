from enum import Enum, StrEnum
from functools import partial

from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator


class Region(str, Enum):
    EU = "eu"
    US = "us"


class Kind(StrEnum):
    FULL = "full"


shell = partial(BashOperator, retries=4, env={"REGION": Region.EU})


@task
def sync(region, kind): ...


with DAG("enum_partial", tags=[Kind.FULL]):
    for region in Region:
        shell(task_id=f"ls_{region.value}", bash_command=f"ls /{region.value}") >> sync.override(task_id=f"sync_{region.value}")(region, Kind.FULL)

# --- what it means ---
# dag enum_partial tags=full
# ls_eu bash `ls /eu` retries=4 env={"REGION":"eu"}
# sync_eu python `enum_partial:sync` after=ls_eu args={"kind":"full","region":"eu"}
# ls_us bash `ls /us` retries=4 env={"REGION":"eu"}
# sync_us python `enum_partial:sync` after=ls_us args={"kind":"full","region":"us"}
