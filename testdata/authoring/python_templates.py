from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator


def render(templates_dict, **kwargs): ...


with DAG("python_templates"):
    PythonOperator(task_id="render", python_callable=render, templates_dict={"day": "{{ ds }}"})

# --- what it means ---
# python_templates.py line 9: `templates_dict` of `render` cannot be expressed in dag.json
# pass the text as an argument of the function, which renders what it needs from its context
