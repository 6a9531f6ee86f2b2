from datetime import timedelta

DEFAULT_ARGS = {"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=5)}
TABLES = ["orders", "customers"]
