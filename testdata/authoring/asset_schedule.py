from airflow.sdk import DAG, Asset, task

orders = Asset("s3://bucket/orders")

with DAG("producer", schedule="@daily"):
    @task(outlets=[orders])
    def produce(): ...
    produce()

with DAG("consumer", schedule=[orders]):
    pass

# --- what it means ---
# asset_schedule.py line 8: `outlets` of task `produce` cannot be expressed in dag.json
# trigger the next DAG from a task
