from datetime import timedelta

from airflow.providers.amazon.aws.operators.s3 import S3CopyObjectOperator, S3DeleteObjectsOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator
from airflow.sdk import DAG, chain

with DAG(dag_id="providers", schedule="@daily", default_args={"retries": 1, "retry_delay": timedelta(seconds=30)}) as dag:
    fetch = HttpOperator(task_id="fetch", http_conn_id="api", method="GET", endpoint="v1/items", headers={"Accept": "application/json"}, log_response=True)
    copy = S3CopyObjectOperator(task_id="copy", source_bucket_key="s3://a/{{ ds }}", dest_bucket_key="s3://b/{{ ds }}", aws_conn_id="aws")
    load = GCSToBigQueryOperator(task_id="load", bucket="b", source_objects=["x/*.csv"], destination_project_dataset_table="d.t", schema_fields=[{"name": "n", "type": "STRING", "mode": "NULLABLE"}], write_disposition="WRITE_TRUNCATE")
    job = BigQueryInsertJobOperator(task_id="job", configuration={"query": {"query": "select 1", "useLegacySql": False}}, location="EU")
    pod = KubernetesPodOperator(task_id="pod", name="pod", namespace="default", image="busybox", cmds=["sh", "-c"], arguments=["echo hi"], get_logs=True)
    slack = SlackWebhookOperator(task_id="slack", slack_webhook_conn_id="slack", message="done {{ ds }}", trigger_rule="all_done")
    chain(fetch, [copy, load], [S3DeleteObjectsOperator(task_id="clean", bucket="a", keys="x"), job], pod, slack)

# --- what it means ---
# dag providers schedule=@daily
# fetch airflow_operator `airflow.providers.http.operators.http.HttpOperator` retries=1 delay=30 operator={"endpoint":"v1/items","headers":{"Accept":"application/json"},"http_conn_id":"api","log_response":true,"method":"GET"}
# copy airflow_operator `airflow.providers.amazon.aws.operators.s3.S3CopyObjectOperator` after=fetch retries=1 delay=30 operator={"aws_conn_id":"aws","dest_bucket_key":"s3://b/{{ ds }}","source_bucket_key":"s3://a/{{ ds }}"}
# load airflow_operator `airflow.providers.google.cloud.transfers.gcs_to_bigquery.GCSToBigQueryOperator` after=fetch retries=1 delay=30 operator={"bucket":"b","destination_project_dataset_table":"d.t","schema_fields":[{"mode":"NULLABLE","name":"n","type":"STRING"}],"source_objects":["x/*.csv"],"write_disposition":"WRITE_TRUNCATE"}
# job airflow_operator `airflow.providers.google.cloud.operators.bigquery.BigQueryInsertJobOperator` after=load retries=1 delay=30 operator={"configuration":{"query":{"query":"select 1","useLegacySql":false}},"location":"EU"}
# pod airflow_operator `airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator` after=clean,job retries=1 delay=30 operator={"arguments":["echo hi"],"cmds":["sh","-c"],"get_logs":true,"image":"busybox","name":"pod","namespace":"default"}
# slack airflow_operator `airflow.providers.slack.operators.slack_webhook.SlackWebhookOperator` after=pod rule=all_done retries=1 delay=30 operator={"message":"done {{ ds }}","slack_webhook_conn_id":"slack"}
# clean airflow_operator `airflow.providers.amazon.aws.operators.s3.S3DeleteObjectsOperator` after=copy retries=1 delay=30 operator={"bucket":"a","keys":"x"}
