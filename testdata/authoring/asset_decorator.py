from airflow.sdk import asset


@asset(schedule="@daily")
def raw_orders(context): ...

# --- what it means ---
# asset_decorator.py line 4: `@asset` cannot be expressed in dag.json
# use `@dag` and `@task`
