from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup

with (
    DAG("with_two", schedule="@hourly") as dag,
    TaskGroup("load", default_args={"retries": 7}) as load,
):
    [BashOperator(task_id=f"t{n}", bash_command=f"echo {n}") for n in range(2)] >> BashOperator(task_id="end", bash_command="true", retries=1)
match dag.dag_id:
    case "with_two":
        print(f"{dag.task_ids=}")
if (count := len(dag.tasks)) > 2:
    print(count)

# --- what it means ---
# dag with_two schedule=@hourly
# load.t0 bash `echo 0` retries=7
# load.t1 bash `echo 1` retries=7
# load.end bash `true` after=load.t0,load.t1 retries=1
