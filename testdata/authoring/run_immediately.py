from airflow.sdk import DAG, CronTriggerTimetable

with DAG("run_immediately", schedule=CronTriggerTimetable("@daily", timezone="UTC", run_immediately=True)):
    pass

# --- what it means ---
# run_immediately.py line 3: `run_immediately` of CronTriggerTimetable() cannot be expressed in dag.json
# give it the cron expression and the `timezone` only
