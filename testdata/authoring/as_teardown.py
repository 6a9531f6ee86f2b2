from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("as_teardown"):
    a = BashOperator(task_id="a", bash_command="true")
    b = BashOperator(task_id="b", bash_command="true")
    a >> b.as_teardown(setups=a)

# --- what it means ---
# as_teardown.py line 7: `b` is made a setup or teardown task, which dag.json cannot express
# use an edge, and `trigger_rule="all_done"` for cleaning up
