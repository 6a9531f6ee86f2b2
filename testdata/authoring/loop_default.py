from airflow.sdk import DAG, task

with DAG("loop_default"):
    for name in ("a", "b"):

        @task(task_id=f"load_{name}")
        def load(name=name):
            print(name)

        load()

# --- what it means ---
# loop_default.py line 10: the pod would run another `load` for the task `load_a`: the file defines it again
# give each function a name of its own, and pass it what differs as an argument
