from airflow.sdk import dag, task


@dag
def inner_redefined():
    def make(table):
        @task(task_id=f"load_{table}")
        def load():
            print(table)

        return load()

    make("orders") >> make("customers")


inner_redefined()

# --- what it means ---
# inner_redefined.py line 11: the task `load_customers` shares its function's name with another task's, and the pod finds a function by its name (`inner_redefined:load`)
# give each function a name of its own, and pass it what differs as an argument
