import pendulum

from airflow.sdk import DAG, TaskGroup
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG(dag_id="example_task_group", schedule=None, start_date=pendulum.datetime(2021, 1, 1, tz="UTC"), catchup=False, tags=["example"]) as dag:
    start = EmptyOperator(task_id="start")
    with TaskGroup("section_1", tooltip="Tasks for section_1") as section_1:
        task_1 = EmptyOperator(task_id="task_1")
        task_2 = BashOperator(task_id="task_2", bash_command="echo 1")
        task_3 = EmptyOperator(task_id="task_3")
        task_1 >> [task_2, task_3]
    with TaskGroup("section_2", tooltip="Tasks for section_2") as section_2:
        task_1 = EmptyOperator(task_id="task_1")
        with TaskGroup("inner_section_2", tooltip="Tasks for inner_section2") as inner_section_2:
            task_2 = BashOperator(task_id="task_2", bash_command="echo 1")
            task_3 = EmptyOperator(task_id="task_3")
            task_4 = EmptyOperator(task_id="task_4")
            [task_2, task_3] >> task_4
    end = EmptyOperator(task_id="end")
    start >> section_1 >> section_2 >> end

# --- what it means ---
# dag example_task_group start=2021-01-01T00:00:00+00:00 tags=example
# start airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator`
# section_1.task_1 airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=start
# section_1.task_2 bash `echo 1` after=section_1.task_1
# section_1.task_3 airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=section_1.task_1
# section_2.task_1 airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=section_1.task_2,section_1.task_3
# section_2.inner_section_2.task_2 bash `echo 1` after=section_1.task_2,section_1.task_3
# section_2.inner_section_2.task_3 airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=section_1.task_2,section_1.task_3
# section_2.inner_section_2.task_4 airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=section_2.inner_section_2.task_2,section_2.inner_section_2.task_3
# end airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=section_2.inner_section_2.task_4,section_2.task_1
