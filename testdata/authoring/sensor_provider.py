from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import DAG

with DAG(dag_id="sensor_provider"):
    wait = S3KeySensor(task_id="wait", bucket_key="s3://a/{{ ds }}", poke_interval=60, timeout=600, mode="reschedule", deferrable=True)
    other = ExternalTaskSensor(task_id="other", external_dag_id="upstream", external_task_id="load")
    wait >> other

# --- what it means ---
# sensor_provider.py line 6: `deferrable` of task `wait` cannot be expressed in dag.json
# leave `deferrable` out: the task waits in a pod of its own
