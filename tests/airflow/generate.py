"""Writes random DAG files, the same ones for the same seeds: `generate.py DIRECTORY FIRST LAST`.

Each file declares one to three DAGs in the styles that authors use. What is random is what dag.json carries: arguments and
where they come from (the task, default_args of the DAG, of a group, of the call), dates and zones, schedules, params,
results of tasks handed on in every shape, templates, edges of every kind.
"""

import os
import random
import sys

HEAD = """\
from datetime import datetime, timedelta, timezone

import pendulum
from airflow.sdk import (
    DAG, CronDataIntervalTimetable, CronTriggerTimetable, Label, Param, TaskGroup, TriggerRule, chain, chain_linear,
    cross_downstream, dag, task, task_group,
)
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator


def plain(a=None, b=None, *, c=None, **more): ...


class Nightly(BashOperator):
    def __init__(self, *, table, **kwargs):
        super().__init__(bash_command=f"load {table}", retries=4, **kwargs)


class Marker(EmptyOperator):
    ui_color = "#abc"


@task
def none(): ...


@task
def one(x): ...


@task(retries=2, retry_delay=timedelta(seconds=30))
def two(x, y=None, *, z=3): ...


@task(task_id="named__1", multiple_outputs=False)
def named(a=1): ...


@task_group
def pair(a, times=2):
    return one(two(a, y=times))


@task_group(group_id="both", default_args={"retries": 7}, prefix_group_id=True)
def both(a):
    return [one(a), one.override(task_id="other", retries=1)(a)]

"""

SETTINGS = [
    ("retries", lambda r: str(r.randint(0, 5))),
    ("retry_delay", lambda r: r.choice([f"timedelta(seconds={r.randint(1, 900)})", "timedelta(minutes=2)", "pendulum.duration(minutes=7)", "45"])),
    ("execution_timeout", lambda r: r.choice(["timedelta(hours=1)", f"timedelta(minutes={r.randint(1, 90)})", "pendulum.duration(hours=2)"])),
    ("pool", lambda r: f"'pool_{r.randint(0, 2)}'"),
    ("trigger_rule", lambda r: r.choice(["'all_done'", "'one_failed'", "TriggerRule.ONE_SUCCESS", "TriggerRule.ALL_FAILED"])),
    ("owner", lambda r: r.choice(["'data'", "'ops'"])),
    ("depends_on_past", lambda r: "False"),
    ("doc_md", lambda r: "'# words'"),
]
CRONS = ["'0 6 * * *'", "'*/15 8-18 * * 1-5'", "'@daily'", "'@hourly'", "'@once'", "'@continuous'", "'0 0 1 jan,jul *'", "None", "'30 2 * * sun'"]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]
LITERALS = ["1", "'text'", "2.5", "None", "True", "[1, 'a', None]", "{'k': [1, {'n': 2.0}]}", "(1, 2)", "'{{ ds }}'", "-7", "''", "'ä → ß'", "10**15"]


class Writer:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []
        self.indent = 0

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    # --- arguments ---

    def settings(self, most=3):
        chosen = self.r.sample(SETTINGS, self.r.choice([0, 0, 1, min(2, most), most]))
        return [(name, make(self.r)) for name, make in chosen]

    def keywords(self, most=3):
        return "".join(f", {name}={value}" for name, value in self.settings(most))

    def default_args(self):
        if self.r.random() < 0.5:
            return ""
        pairs = self.settings()
        return ", default_args={" + ", ".join(f"'{name}': {value}" for name, value in pairs) + "}"

    def date(self):
        r = self.r
        day = f"{r.randint(2015, 2035)}, {r.randint(1, 12)}, {r.randint(1, 28)}"
        zone = r.choice(ZONES)
        return r.choice([
            f"datetime({day})",
            f"datetime({day}, {r.randint(0, 23)}, 30, tzinfo=timezone.utc)",
            f"pendulum.datetime({day}, tz='{zone}')",
            f"pendulum.datetime({day}, {r.randint(0, 23)}, tz=pendulum.timezone('{zone}'))",
            f"datetime({day}, tzinfo=pendulum.timezone('{zone}'))",
        ])

    def schedule(self):
        r = self.r
        if r.random() < 0.8:
            return r.choice(CRONS)
        kind = r.choice(["CronTriggerTimetable", "CronDataIntervalTimetable"])
        return f"{kind}('{r.randint(0, 59)} {r.randint(0, 23)} * * *', timezone='{r.choice(ZONES)}')"

    def params(self):
        r = self.r
        made = {
            "limit": r.choice(["100", "Param(5, type='integer', minimum=1, maximum=10)", "Param(None, type=['null', 'integer'])"]),
            "name": r.choice(["'x'", "Param('x', type='string', minLength=1, description='a name')", "Param('b', enum=['a', 'b'])"]),
            "flags": r.choice(["[1, 2]", "Param([1], type='array')", "Param({'a': 1}, type='object', title='Flags')"]),
            "pick": "Param(1, type='integer', enum=[1, 2], values_display={1: 'one', 2: 'two'})",
        }
        names = r.sample(sorted(made), r.randint(1, 3))
        return "{" + ", ".join(f"'{name}': {made[name]}" for name in names) + "}"

    def dag_arguments(self):
        r = self.r
        some = {
            "description": "'what it does'",
            "start_date": self.date(),
            "end_date": "datetime(2036, 1, 1)",
            "max_active_runs": str(r.randint(1, 9)),
            "max_active_tasks": str(r.randint(1, 9)),
            "catchup": r.choice(["True", "False"]),
            "tags": r.choice(["['b', 'a']", "{'one'}", "[]"]),
            "params": self.params(),
            "doc_md": "'words'",
        }
        schedule = self.schedule()
        chosen = r.sample(sorted(some), r.randint(0, 6))
        if schedule == "'@continuous'":  # takes one run at a time
            some["max_active_runs"] = "1"
            chosen = sorted({*chosen, "max_active_runs"})
        if "catchup" in chosen and "start_date" not in chosen:
            chosen.append("start_date")
        return f"schedule={schedule}" + "".join(f", {name}={some[name]}" for name in chosen) + self.default_args()

    # --- tasks ---

    def value(self, results):
        r = self.r
        if results and r.random() < 0.55:
            picked = [r.choice(results) for _ in range(r.randint(1, 3))]
            return r.choice([picked[0], f"[{', '.join(picked)}]", f"({', '.join(picked)},)", picked[0], f"{picked[0]}"])
        return r.choice(LITERALS)

    def nested(self, results):
        """A value that hides a result among others, which dag.json cannot express."""
        result = self.r.choice(results)
        return self.r.choice([f"{{'k': {result}}}", f"[{result}, 1]", f"[[{result}]]"])

    def task(self, index, tasks, results, more=""):
        r, name = self.r, f"v{index}"
        kind = r.random()
        if kind < 0.14:
            env = r.choice(["", "", ", env={'A': '1', 'DAY': '{{ ds }}'}", ", append_env=True"])
            self.emit(f"{name} = BashOperator(task_id='bash{index}', bash_command='echo {{{{ ds }}}} {index}'{env}{self.keywords()}{more})")
            return tasks.append(name)
        if kind < 0.22:
            self.emit(f"{name} = {r.choice(['EmptyOperator', 'Marker'])}(task_id='empty{index}'{self.keywords()}{more})")
            return tasks.append(name)
        if kind < 0.28:
            self.emit(f"{name} = Nightly(table='t{index}', task_id='nightly{index}'{more})")
            return tasks.append(name)
        if kind < 0.42:
            kwargs = ", ".join(f"'{key}': {self.value(results)}" for key in r.sample(["a", "b", "c", "d"], r.randint(0, 3)))
            args = f", op_args=[{self.value(results)}]" if r.random() < 0.2 and "'a'" not in kwargs else ""
            self.emit(f"{name} = PythonOperator(task_id='python{index}', python_callable=plain, op_kwargs={{{kwargs}}}{args}{self.keywords()}{more})")
            if r.random() < 0.4:
                self.emit(f"{name}_out = {name}.output")
                results.append(f"{name}_out")
            return tasks.append(name)
        if more:
            self.emit(f"{name} = EmptyOperator(task_id='plain{index}'{more})")
            return tasks.append(name)
        if kind < 0.55:
            call = r.choice(["none()", "named()", "named(a=2)", "none.override(pool='p')()"])
        elif kind < 0.66:
            call = f"one({self.value(results)})"
        elif kind < 0.7 and results:
            call = f"one({self.nested(results)})" if r.random() < 0.3 else f"one(x={r.choice(results)})"
        elif kind < 0.86:
            override = f".override(task_id='{r.choice(['again', 'again', 'again__3', f'own{index}'])}'{self.keywords()})" if r.random() < 0.5 else ""
            call = f"two{override}({self.value(results)}, z={self.value(results)})"
        elif kind < 0.93:
            call = f"pair({self.value(results)}{r.choice(['', ', times=5'])})"
        else:
            self.emit(f"{name}, {name}b = both({self.value(results)})")
            return results.extend([name, name + "b"])
        self.emit(f"{name} = {call}")
        results.append(name)

    def tasks(self, count, more=""):
        tasks, results, groups, open_groups = [], [], [], []
        for index in range(count):
            if not more and len(open_groups) < 2 and self.r.random() < 0.15:
                prefix = self.r.choice(["", "", ", prefix_group_id=False", ", tooltip='x'"])
                self.emit(f"with TaskGroup('group{index}'{prefix}{self.default_args()}) as g{index}:")
                self.indent += 1
                open_groups.append(f"g{index}")
                self.emit(f"w{index} = EmptyOperator(task_id='first{index}')")
                tasks.append(f"w{index}")
            self.task(index, tasks, results, more)
            if open_groups and self.r.random() < 0.4:
                self.indent -= 1
                groups.append(open_groups.pop())
        while open_groups:
            self.indent -= 1
            groups.append(open_groups.pop())
        self.edges(tasks, results, groups)

    def edges(self, tasks, results, groups):
        r = self.r
        forms = [
            "{0} >> {1}", "{1} << {0}", "[{0}, {1}] >> {2}", "{0} >> [{1}, {2}]", "{0} >> Label('x') >> {1}", "chain({0}, {1}, {2})",
            "chain({0}, [{1}, {2}], {3})", "cross_downstream([{0}, {1}], [{2}, {3}])", "{0}.set_downstream([{1}, {2}])",
            "{2}.set_upstream([{1}, {0}])", "chain_linear([{0}, {1}], [{2}, {3}])", "{0} >> {1} >> [{2}, {3}]", "{3} << {2} << {0}",
        ]
        for _ in range(r.randint(0, 5)):
            pool = tasks + results if r.random() < 0.7 else tasks + results + groups
            if len(pool) < 4:
                break
            chosen = sorted(r.sample(pool, 4), key=lambda name: int("".join(c for c in name[1:] if c.isdigit())))
            self.emit(r.choice(forms).format(*chosen))

    # --- DAGs ---

    def dag(self, number):
        r, dag_id = self.r, f"dag_{number}"
        style = r.random()
        count = r.randint(2, 9)
        if style < 0.55:
            self.emit(f"with DAG('{dag_id}', {self.dag_arguments()}) as {dag_id}:")
            self.indent += 1
            self.tasks(count)
            self.indent -= 1
        elif style < 0.8:
            day = r.choice(["", "day='2025-01-01', limit=5", "limit: int = 3"])
            self.emit(f"@dag({r.choice([f'dag_id={dag_id!r}', repr(dag_id)])}, {self.dag_arguments()})" if r.random() < 0.8 else "@dag")
            self.emit(f"def {dag_id}({day}):")
            self.indent += 1
            self.tasks(count)
            self.indent -= 1
            call = r.choice(["", "limit=9"]) if "limit" in day else ""
            self.emit(f"\n{dag_id}_made = {dag_id}({call})")
        else:
            self.emit(f"{dag_id} = DAG('{dag_id}', {self.dag_arguments()})")
            self.tasks(count, more=f", dag={dag_id}")
        self.emit("")


def source(seed):
    writer = Writer(seed)
    for number in range(writer.r.choice([1, 2, 3])):
        writer.dag(number)
    return HEAD + "\n".join(writer.lines) + "\n"


if __name__ == "__main__":
    directory, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(directory, exist_ok=True)
    for seed in range(first, last):
        with open(f"{directory}/s{seed}.py", "w", encoding="utf-8") as file:
            file.write(source(seed))
