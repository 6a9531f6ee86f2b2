from airflow.sdk import DAG, task

with DAG("nested_closure"):
    for name in ("a", "b"):
        @task(task_id=f"load_{name}")
        def load():
            print(name)

        load()

# --- what it means ---
# dag nested_closure
# load_a python `nested_closure:load`
# load_b python `nested_closure:load`
