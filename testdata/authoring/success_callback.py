from airflow.sdk import DAG, task

with DAG("success_callback", default_args={"on_success_callback": print}):
    @task
    def t(): ...

    t()

# --- what it means ---
# success_callback.py line 7: `on_success_callback` of task `t` cannot be expressed in dag.json
# put it at the end of the task, or into a task after it
