from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator


class Jobs:
    @staticmethod
    def load(day): ...

    def save(self, day): ...


with DAG("class_method"):
    PythonOperator(task_id="load", python_callable=Jobs.load, op_args=["{{ ds }}"])

# --- what it means ---
# class_method.py line 13: `Jobs.load` of the task `load` is a method; the pod finds a function by its name
# write a function with `def` outside of the class
