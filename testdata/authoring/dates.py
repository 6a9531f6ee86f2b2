from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pendulum
from airflow.sdk import DAG, task

local_tz = pendulum.timezone("Europe/Amsterdam")
BASE = datetime(2025, 3, 1, tzinfo=ZoneInfo("Europe/Paris"))

with DAG("local", start_date=datetime(2025, 1, 1, tzinfo=local_tz), end_date=datetime(2025, 1, 1, tzinfo=local_tz) + timedelta(days=30), schedule="0 3 * * *") as a:
    pass
with DAG("paris", start_date=BASE + timedelta(days=45), schedule="0 3 * * *") as b:
    pass
with DAG("utc", start_date=datetime(2025, 1, 1, 6, 30, tzinfo=timezone.utc), schedule="@monthly") as c:
    pass
with DAG("fixed", start_date=pendulum.parse("2025-01-01T00:00:00+02:00")) as d:
    pass
with DAG("naive", start_date=datetime.fromisoformat("2025-06-01"), default_args={"execution_timeout": timedelta(hours=1) * 2 - timedelta(minutes=30)}) as e:
    @task
    def t(): ...
    t()
with DAG("today", start_date=pendulum.today("UTC").add(days=-1), catchup=False) as f:
    pass

# --- what it means ---
# dag local schedule=0 3 * * * zone=Europe/Amsterdam start=2025-01-01T00:00:00+01:00 end=2025-01-31T00:00:00+01:00
# dag paris schedule=0 3 * * * zone=Europe/Paris start=2025-04-15T00:00:00+02:00
# dag utc schedule=@monthly start=2025-01-01T06:30:00+00:00
# dag fixed start=2025-01-01T00:00:00+02:00
# dag naive start=2025-06-01T00:00:00+00:00
# t python `dates:t` timeout=5400
# dag today start=1999-12-31T00:00:00+00:00
