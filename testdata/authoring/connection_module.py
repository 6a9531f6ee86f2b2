from airflow.sdk import Connection

conn = Connection.get("warehouse")

# --- what it means ---
# connection_module.py line 3: Connection.get() is not available while dag.py is compiled: values are delivered when the task runs
# read it inside a function under `@task`; declare its name under `connections:` in leoflow.yaml
