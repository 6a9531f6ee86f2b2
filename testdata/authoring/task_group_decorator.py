from airflow.sdk import dag, task, task_group


@task
def start(): return 1
@task
def one(value: int) -> str: return f"[ Task1 {value} ]"
@task
def two(value: str) -> str: return f"[ Task2 {value} ]"
@task
def end() -> None: ...


@task_group
def section(value: int) -> str:
    """Group"""
    return two(one(value))


@dag(schedule=None)
def example_task_group_decorator():
    start_task = start()
    end_task = end()
    for i in range(3):
        current = section(i)
        start_task >> current >> end_task


example_task_group_decorator()

# --- what it means ---
# dag example_task_group_decorator
# start python `task_group_decorator:start`
# end python `task_group_decorator:end` after=section.two,section__1.two,section__2.two
# section.one python `task_group_decorator:one` args={"value":0}
# section.two python `task_group_decorator:two` after=section.one,start xcom={"value":["section.one"]}
# section__1.one python `task_group_decorator:one` args={"value":1}
# section__1.two python `task_group_decorator:two` after=section__1.one,start xcom={"value":["section__1.one"]}
# section__2.one python `task_group_decorator:one` args={"value":2}
# section__2.two python `task_group_decorator:two` after=section__2.one,start xcom={"value":["section__2.one"]}
