from airflow.sdk import DAG

with DAG("native_objects", render_template_as_native_obj=True):
    pass

# --- what it means ---
# native_objects.py line 3: `render_template_as_native_obj` of DAG() cannot be expressed in dag.json
# leave `render_template_as_native_obj` out
