from airflow.sdk import DAG, task
with DAG("virtualenv"):
    @task.virtualenv(requirements=["colorama==0.4.0"], system_site_packages=False)
    def callable_virtualenv(): ...
    callable_virtualenv()

# --- what it means ---
# virtualenv.py line 3: unsupported decorator `@task.virtualenv`: every task runs in the DAG's own image
# name the packages under `dependencies:` in leoflow.yaml and use `@task`
