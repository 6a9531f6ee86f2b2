from airflow.models import Variable
from airflow.sdk import DAG, Connection

TABLES = Variable.get("tables", default="a,b", deserialize_json=False)

# --- what it means ---
# variables.py line 4: Variable.get() is not available while dag.py is compiled: values are delivered when the task runs
# read it inside a function under `@task`, or in a templated argument write `{{ var.value.name }}`; declare its name under `variables:` in leoflow.yaml
