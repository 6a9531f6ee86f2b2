"""One task a region, and one that waits for all of them."""

from datetime import datetime

from airflow.sdk import DAG, task

REGIONS = ["north", "south", "east", "west"]


@task
def count_visits(region: str) -> dict:
    return {"region": region, "visits": len(region) * 100}


@task(trigger_rule="all_success")
def add_up(counts: list) -> int:
    return sum(count["visits"] for count in counts)


@task
def announce(total: int, best_of: list):
    best = max(best_of, key=lambda count: count["visits"])
    print(f"{total} visits, most of them from the {best['region']}")


with DAG("fan_out_in", schedule="30 2 * * *", start_date=datetime(2025, 1, 1), max_active_runs=1, tags={"visits"}):
    counts = [count_visits.override(task_id=f"count_{region}")(region) for region in REGIONS]
    announce(add_up(counts), best_of=counts)
