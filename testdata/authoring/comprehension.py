from airflow.sdk import DAG, task


@task
def part(n: int, options: dict) -> int: return n


@task
def total(parts: list[int], names: tuple = ()): ...


with DAG("comprehension"):
    parts = {name: part.override(task_id=f"part_{name}")(n, {"deep": [n, None, True, 1.5]}) for n, name in enumerate("abc")}
    total(list(parts.values()), names=tuple(parts))

# --- what it means ---
# dag comprehension
# part_a python `comprehension:part` args={"n":0,"options":{"deep":[0,null,true,1.5]}}
# part_b python `comprehension:part` args={"n":1,"options":{"deep":[1,null,true,1.5]}}
# part_c python `comprehension:part` args={"n":2,"options":{"deep":[2,null,true,1.5]}}
# total python `comprehension:total` after=part_a,part_b,part_c xcom={"parts":["part_a","part_b","part_c"]} args={"names":["a","b","c"]}
