"""BaseOperator: what every task has, and where it belongs."""

from airflow import _arguments, _values
from airflow._edges import Joinable, XComArg, results_in
from airflow._report import codes, current_place, fail

# Arguments of every operator that dag.json carries.
CARRIED = frozenset(
    "task_id dag task_group default_args trigger_rule pool retries retry_delay execution_timeout on_failure_callback".split()
)
KNOWN = CARRIED | _arguments.TASK_PRESENTATION | frozenset(_arguments.TASK_REFUSED)


class BaseOperator(Joinable):
    """A task. Its class may take arguments of its own, named in `_own`."""

    _kind = "unsupported"
    _own = frozenset()
    _presentation = frozenset()
    ui_color = "#fff"
    template_fields = ()

    def __init__(self, *arguments, **keywords):
        if arguments:
            fail(
                codes.BAD_ARGUMENT,
                f"{self._name()} takes keyword arguments only",
                f'write `{self._name()}(task_id="…", …)`',
            )
        with _or_fault_of(self, keywords):
            self._declare(keywords)

    def _declare(self, keywords):
        self._place = current_place()
        self._upstream = set()
        self._dag, self._group = _home(keywords.pop("dag", None), keywords.pop("task_group", None))
        if "task_id" not in keywords:
            fail(codes.MISSING_ARGUMENT, f"{self._name()} has no `task_id`", f'write `{self._name()}(task_id="…", …)`')
        keywords = self._with_default_args(keywords)
        self.task_id = self._unique_id(_values.identifier(keywords.pop("task_id"), "task_id"))
        self._take(_arguments.check_task(keywords, f"task `{self.task_id}`"))
        _check_overrides(self)
        self.__dict__["_complete"] = True
        if self._dag is None:
            dag_module()._orphans[self] = True
            return
        self._dag._add(self)
        if self._group is not None:
            self._group._add(self)

    def _name(self):
        return type(self).__name__

    # --- declaration ---

    def _with_default_args(self, keywords):
        merged = {}
        for source in ((self._dag.default_args if self._dag else {}), *_group_defaults(self._group)):
            merged.update(self._applicable(source))
        merged.update(self._applicable(keywords.pop("default_args", None) or {}))
        merged.update(keywords)
        return merged

    def _applicable(self, default_args):
        """Airflow gives an operator those defaults that it has a parameter for; a DAG's dates are the DAG's."""
        kept = {}
        for name, value in default_args.items():
            if name in ("start_date", "end_date", "task_id", "dag", "params"):
                continue
            if name in KNOWN or name in self._own:
                kept[name] = value
            else:
                self._unknown_default(name)
        return kept

    def _unknown_default(self, name):
        """Airflow passes over what an operator has no parameter for; a slip of the pen is told."""
        meant = _arguments.nearest(name, KNOWN | self._own, 2)
        if meant is not None and len(name) > 4:
            fail(
                codes.UNKNOWN_ARGUMENT,
                f"no operator has an argument `{name}`, which `default_args` holds",
                f"did you mean `{meant}`?",
            )

    def _unique_id(self, task_id):
        if self._group is not None:
            task_id = self._group.child_id(task_id)
        if self._dag is None or task_id not in self._dag.task_dict:
            return task_id
        core, _ = _values.numbered(task_id)
        return f"{core}__{self._dag._numbers.get(core, 0) + 1}"

    def _take(self, keywords):
        for name, parse in _SETTINGS.items():
            self.__dict__[name] = parse(keywords.pop(name, None), name)
        own = {name: keywords.pop(name) for name in list(keywords) if self._takes(name)}
        if keywords:
            _arguments.unexpected(keywords, self._name() + "()", KNOWN | self._own)
        for result in results_in(own):
            self._depend_on(result)
        self._take_own(own)

    def __setattr__(self, name, value):
        """`task.retries = 3` after the fact is as good as the argument; what has been taken already stays."""
        if self.__dict__.get("_complete") and not name.startswith("_"):
            value = self._assigned(name, value)
        super().__setattr__(name, value)

    def _assigned(self, name, value):
        if name in _SETTINGS:
            return _SETTINGS[name](value, name)
        if name != "task_id" and name in KNOWN:
            _arguments.check_task({name: value}, f"task `{self.task_id}`")
        elif name == "task_id" or self._carries(name):
            fail(
                codes.SET_LATER,
                f"`{name}` of task `{self.task_id}` is set after it was created",
                f"pass `{name}=…` to {self._name()}()",
            )
        return value

    def _carries(self, name):
        return name in self._own

    def _takes(self, name):
        return name in self._own

    def _take_own(self, own):
        pass

    def _depend_on(self, result):
        result.operator._check_same_dag(self)
        self._upstream.add(result.operator)

    def _check_same_dag(self, other):
        if self._dag is None and other._dag is not None:
            other._dag._adopt(self)
        elif other._dag is None and self._dag is not None:
            self._dag._adopt(other)
        elif self._dag is not other._dag:
            fail(
                codes.OTHER_DAG,
                f"`{self.task_id}` and `{other.task_id}` belong to different DAGs and cannot be connected",
                "create both tasks in the same DAG; one DAG starts another by an operator",
            )

    # --- what dag.py may ask ---

    @property
    def dag(self):
        return self._dag

    @dag.setter
    def dag(self, dag):
        dag._adopt(self)

    @property
    def output(self):
        return XComArg(self)

    @property
    def upstream_task_ids(self):
        return {task.task_id for task in self._upstream}

    @property
    def downstream_task_ids(self):
        return {task.task_id for task in self._dag._tasks if self in task._upstream} if self._dag else set()

    @property
    def upstream_list(self):
        return sorted(self._upstream, key=lambda task: task.task_id)

    def get_direct_relatives(self, upstream=False):
        return self.upstream_list if upstream else [task for task in self._dag._tasks if self in task._upstream]

    def __repr__(self):
        return f"<Task({self._name()}): {self.task_id}>"

    @classmethod
    def partial(cls, **keywords):
        fail(
            codes.DYNAMIC_MAPPING,
            f"{cls.__name__}.partial() is dynamic task mapping, which dag.json cannot express",
            MAPPING_HELP,
        )

    @classmethod
    def expand(cls, **keywords):
        fail(
            codes.DYNAMIC_MAPPING,
            f"{cls.__name__}.expand() is dynamic task mapping, which dag.json cannot express",
            MAPPING_HELP,
        )

    def _refuse_setup(self, *arguments, **keywords):
        fail(
            codes.SETUP_TEARDOWN,
            f"`{self.task_id}` is made a setup or teardown task, which dag.json cannot express",
            'use an edge, and `trigger_rule="all_done"` for cleaning up',
        )

    as_setup = as_teardown = _refuse_setup

    def __class_getitem__(cls, item):
        return cls

    # --- the report ---

    def _report(self):
        place = self._place or {"file": "", "line": 0}
        raw = {
            "task_id": self.task_id,
            "file": place["file"],
            "line": place["line"],
            "kind": self._kind,
            "depends_on": sorted({task.task_id for task in self._upstream}),
            "trigger_rule": self.trigger_rule,
            "pool": self.pool,
            "retries": self.retries,
            "retry_delay_seconds": self.retry_delay,
            "execution_timeout_seconds": self.execution_timeout,
            "on_failure_callback": self.on_failure_callback,
        }
        raw.update(self._own_report())
        return raw

    def _own_report(self):
        fail(
            codes.UNSUPPORTED_OPERATOR,
            f"unsupported operator `{self._name()}` (task `{self.task_id}`)",
            "write it as a function under `@task`, or use an operator of a provider package",
            self._place,
        )


def _or_fault_of(task, keywords):
    """What is refused of a task that says its DAG (`dag=`) is that DAG's affair; the task stays, to be connected."""
    dag = keywords.get("dag")
    structure = dag_module()
    if not isinstance(dag, structure.DAG) or dag is structure.current_dag():
        return _Alone()
    task.__dict__.update(_dag=dag, _group=None, _upstream=set(), task_id=keywords.get("task_id"), _place=current_place())
    return dag._or_fault()


class _Alone:
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False


MAPPING_HELP = "loop in dag.py over a list that is known there, or loop inside one task"


def dag_module():
    """`airflow._dag` imports this module."""
    import airflow._dag

    return airflow._dag


def _home(dag, group):
    if group is None and dag is None:
        from airflow._groups import current_group

        group = current_group()
    if dag is None:
        dag = group._dag if group is not None else dag_module().current_dag()
    return dag, group


def _group_defaults(group):
    chain = []
    while group is not None:
        chain.append(group.default_args)
        group = group._parent
    return reversed(chain)


def _trigger_rule(value, argument):
    if value is None:
        return None
    return _values.text(getattr(value, "value", value), "trigger_rule")


def _seconds(value, argument):
    return None if value is None else _values.whole_seconds(value, argument)


def _callback(value, argument):
    if value is None or value == []:
        return False
    for callback in value if isinstance(value, (list, tuple)) else [value]:
        if not callable(callback):
            fail(
                codes.BAD_ARGUMENT,
                f"`on_failure_callback` is {_values.describe(callback)}; it takes a function or a list of functions",
                "pass a function, without `()`",
            )
    return True


# argument of every operator -> what makes the value that dag.json carries
_SETTINGS = {
    "trigger_rule": _trigger_rule,
    "pool": _values.text,
    "retries": _values.count,
    "retry_delay": _seconds,
    "execution_timeout": _seconds,
    "on_failure_callback": _callback,
}

# What a class of the author's may say without changing what happens.
_HARMLESS = frozenset("ui_color ui_fgcolor custom_operator_name".split())


def _check_overrides(task):
    """A subclass is its base with other arguments; behaviour of its own would be dropped."""
    if task._kind == "unsupported":
        return
    for owner in type(task).__mro__:
        if owner.__module__.startswith("airflow."):
            return
        for name in vars(owner):
            if not name.startswith("_") and name not in _HARMLESS:
                fail(
                    codes.UNSUPPORTED_OPERATOR,
                    f"`{owner.__name__}.{name}` of task `{task.task_id}` would be dropped: dag.json names the operator "
                    f"that the class extends",
                    "write the work as a function under `@task`, or put the class into a package of providers",
                )
