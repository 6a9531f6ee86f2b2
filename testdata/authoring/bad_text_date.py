from airflow.sdk import DAG

with DAG("bad_text_date", start_date="yesterday"):
    pass

# --- what it means ---
# bad_text_date.py line 3: `start_date` 'yesterday' is not a date
# write `start_date=datetime(2025, 1, 1)`
