from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

with DAG(dag_id="http_response_check"):
    HttpOperator(
        task_id="fetch",
        http_conn_id="api",
        endpoint="v1",
        response_check=lambda response: "ok" in response.text,
    )

# --- what it means ---
# http_response_check.py line 9: argument `response_check` of `fetch` is the function `<lambda>`, which JSON cannot express
# pass strings, numbers, booleans, None, lists or dicts of them; build everything else inside the task
