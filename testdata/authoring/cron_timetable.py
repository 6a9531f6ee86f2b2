import pendulum
from airflow.sdk import DAG, task
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.timetables.interval import CronDataIntervalTimetable

with DAG("cron_trigger", schedule=CronTriggerTimetable("30 8 * * 1-5", timezone="Europe/Madrid"), start_date=pendulum.datetime(2025, 1, 1, tz="Europe/Madrid")):
    pass
with DAG("cron_interval", schedule=CronDataIntervalTimetable("@daily", timezone=pendulum.timezone("UTC"))):
    pass

# --- what it means ---
# dag cron_trigger schedule=30 8 * * 1-5 zone=Europe/Madrid start=2025-01-01T00:00:00+01:00
# dag cron_interval schedule=@daily
