from airflow.hooks.base import BaseHook

conn = BaseHook.get_connection("warehouse")

# --- what it means ---
# base_hook.py line 1: `airflow.hooks.base` is a hook, and hooks are not there while dag.py is compiled
# import it inside the function under `@task` that uses it
