from airflow.sdk import DAG, task

with DAG("redefined_function"):

    @task(task_id="first")
    def run():
        print("first")

    one = run()

    @task(task_id="second")
    def run():
        print("second")

    one >> run()

# --- what it means ---
# redefined_function.py line 9: the pod would run another `run` for the task `first`: the file defines it again
# give each function a name of its own, and pass it what differs as an argument
