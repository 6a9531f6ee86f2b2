from airflow.sdk import DAG

with DAG("default_args_params", default_args={"params": {"a": 1, "b": 2}}, params={"b": 3}):
    pass

# --- what it means ---
# dag default_args_params params={"a":{"default":1,"schema":{}},"b":{"default":3,"schema":{}}}
