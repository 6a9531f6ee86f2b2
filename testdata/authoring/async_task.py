import asyncio
from airflow.sdk import DAG, task
with DAG("async_task"):
    @task
    async def wait():
        await asyncio.sleep(1)
    wait()

# --- what it means ---
# dag async_task
# wait python `async_task:wait`
