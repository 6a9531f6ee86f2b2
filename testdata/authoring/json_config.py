import json
from pathlib import Path

import pendulum
from airflow.sdk import dag, task

CONFIG = json.loads((Path(__file__).parent / "conf" / "sources.json").read_text())


def make(source):
    @dag(dag_id=f"ingest_{source['name']}", schedule=source["cron"], start_date=pendulum.datetime(2024, 5, 1, tz="Europe/Berlin"))
    def ingest():
        @task
        def pull(name: str): ...

        pull(source["name"])

    return ingest()


for source in CONFIG["sources"]:
    make(source)

# --- what it means ---
# dag ingest_crm schedule=0 2 * * * zone=Europe/Berlin start=2024-05-01T00:00:00+02:00
# pull python `json_config:pull` args={"name":"crm"}
# dag ingest_erp schedule=@daily zone=Europe/Berlin start=2024-05-01T00:00:00+02:00
# pull python `json_config:pull` args={"name":"erp"}
