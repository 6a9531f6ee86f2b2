from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
import datetime as dt

with DAG(dag_id="example_bash_operator", schedule="0 0 * * *", start_date=dt.datetime(2021, 1, 1), catchup=False,
         tags=["example", "example2"], params={"example_key": "example_value"}) as dag:
    run_this_last = EmptyOperator(task_id="run_this_last")
    run_this = BashOperator(task_id="run_after_loop", bash_command="echo https://airflow.apache.org/")
    run_this >> run_this_last

    for i in range(3):
        task = BashOperator(task_id=f"runme_{i}", bash_command='echo "{{ task_instance_key_str }}" && sleep 1')
        task >> run_this

    also_run_this = BashOperator(task_id="also_run_this", bash_command='echo "ti_key={{ task_instance_key_str }}"')
    also_run_this >> run_this_last

this_will_skip = BashOperator(task_id="this_will_skip", bash_command='echo "hello world"; exit 99;', dag=dag)
this_will_skip >> run_this_last

if __name__ == "__main__":
    dag.test()

# --- what it means ---
# dag example_bash_operator schedule=0 0 * * * start=2021-01-01T00:00:00+00:00 tags=example,example2 params={"example_key":{"default":"example_value","schema":{}}}
# run_this_last airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=also_run_this,run_after_loop,this_will_skip
# run_after_loop bash `echo https://airflow.apache.org/` after=runme_0,runme_1,runme_2
# runme_0 bash `echo "{{ task_instance_key_str }}" && sleep 1`
# runme_1 bash `echo "{{ task_instance_key_str }}" && sleep 1`
# runme_2 bash `echo "{{ task_instance_key_str }}" && sleep 1`
# also_run_this bash `echo "ti_key={{ task_instance_key_str }}"`
# this_will_skip bash `echo "hello world"; exit 99;`
