from airflow.sdk import ObjectStoragePath

base = ObjectStoragePath("s3://aws_default@bucket/")

# --- what it means ---
# object_storage.py line 3: dag.py may not call airflow.sdk.ObjectStoragePath() `s3://aws_default@bucket/`
# do it inside a function under `@task`: that runs in the pod, dag.py only declares
