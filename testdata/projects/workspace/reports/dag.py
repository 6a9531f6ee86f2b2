"""Started by hand: no schedule."""

from airflow.sdk import DAG, Param, task


@task
def render(kind: str = "short"):
    print(kind)


with DAG("reports", params={"kind": Param("short", type="string", enum=["short", "long"])}):
    render()
