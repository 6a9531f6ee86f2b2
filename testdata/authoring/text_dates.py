from airflow.sdk import DAG

with DAG("text_dates", default_args={"start_date": "2025-01-01"}) as dag:
    pass

# --- what it means ---
# dag text_dates start=2025-01-01T00:00:00+00:00
