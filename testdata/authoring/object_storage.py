from airflow.sdk import ObjectStoragePath

base = ObjectStoragePath("s3://aws_default@bucket/")

# --- what it means ---
