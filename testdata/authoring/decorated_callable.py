import functools

from airflow.sdk import DAG, task


def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


@task
@timed
def load(day, *, limit=3): ...


with DAG("decorated_callable"):
    load("{{ ds }}")

# --- what it means ---
# dag decorated_callable
# load python `decorated_callable:load` args={"day":"{{ ds }}"}
