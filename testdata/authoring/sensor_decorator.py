from airflow.sdk import DAG, PokeReturnValue, task

with DAG(dag_id="sensor_decorator"):
    @task.sensor(poke_interval=60, timeout=3600, mode="reschedule")
    def wait() -> PokeReturnValue:
        return PokeReturnValue(is_done=True)

    wait()

# --- what it means ---
# sensor_decorator.py line 4: unsupported decorator `@task.sensor`: a sensor cannot be expressed in dag.json
# poll inside a `@task`, with `retries` and `execution_timeout`
