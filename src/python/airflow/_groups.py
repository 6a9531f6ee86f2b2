"""TaskGroup and `@task_group`: prefixes of ids, and edges from and to many tasks at once."""

from airflow import _values
from airflow._dag import _open_dags, current_dag
from airflow._edges import Joinable
from airflow._report import codes, fail

_open_groups = []  # `with TaskGroup(...)`, innermost last


def current_group():
    return _open_groups[-1] if _open_groups and _open_groups[-1]._dag is current_dag() else None


class TaskGroup(Joinable):
    """Prefixes the ids of its tasks, and joins them at its ends."""

    def __init__(self, group_id, prefix_group_id=True, parent_group=None, dag=None, default_args=None, **presentation):
        suffix = presentation.pop("add_suffix_on_collision", False)
        for name in presentation:
            if name not in ("tooltip", "ui_color", "ui_fgcolor", "group_display_name", "doc_md"):
                fail(codes.UNKNOWN_ARGUMENT, f"TaskGroup() has no argument `{name}`", f"leave `{name}` out")
        self._parent = parent_group or (current_group() if dag is None else None)
        self._dag = dag or (self._parent._dag if self._parent else current_dag())
        if self._dag is None:
            fail(
                codes.NO_DAG_FOR_TASK,
                f"the task group `{group_id}` belongs to no DAG",
                "create it inside `with DAG(…):`",
            )
        self.default_args = default_args or {}
        self._prefixes = prefix_group_id
        self.group_id = self._unique(_values.identifier(group_id, "group_id"), suffix)
        self._members = []
        self._upstream_tasks = []
        self._dag._groups.add(self.group_id)
        if self._parent is not None:
            self._parent._members.append(self)

    def _unique(self, group_id, suffix):
        full = self._prefixed(group_id)
        if full in self._dag._groups and suffix:
            full = self._prefixed(self._numbered(group_id))
        if full in self._dag._groups:
            fail(codes.DUPLICATE_ID, f"the task group id `{full}` is used twice", "give each group an id of its own")
        return full

    def _prefixed(self, group_id):
        return group_id if self._parent is None else self._parent.child_id(group_id)

    def _numbered(self, group_id):
        """As in Airflow: after the highest number of the DAG's groups of that name that lie in no other group."""
        core, separator, number = group_id.rpartition("__")
        core = core if separator and number.isdigit() else group_id
        tails = [used[len(core) + 2 :] for used in self._dag._groups if used.startswith(core + "__")]
        taken = [int(tail) for tail in tails if tail.isdigit()]
        return f"{core}__{max(taken) + 1}" if taken else group_id + "__1"

    def child_id(self, label):
        """As in Airflow, a group without a prefix takes those of the groups around it away as well."""
        return f"{self.group_id}.{label}" if self._prefixes else label

    def _add(self, task):
        self._members.append(task)

    add = _add

    def _all(self):
        for member in self._members:
            yield from member._all() if isinstance(member, TaskGroup) else [member]

    def _roots(self):
        tasks = list(self._all())
        return [task for task in tasks if not task._upstream.intersection(tasks)]

    def _leaves(self):
        tasks = list(self._all())
        if not tasks:
            fail(
                codes.BAD_EDGE,
                f"an edge leads from the task group `{self.group_id}`, which is empty",
                "put a task into it",
            )
        used = set().union(*(task._upstream for task in tasks))
        return [task for task in tasks if task not in used]

    def _before_others(self):
        """As in Airflow, an empty group hands on what comes before it in `a >> group >> b`."""
        return self if any(self._all()) else self._upstream_tasks or self

    def _follows(self, tasks):
        self._upstream_tasks.extend(tasks)

    def __enter__(self):
        _open_dags.append(self._dag)
        _open_groups.append(self)
        return self

    def __exit__(self, *exception):
        _open_groups.pop()
        _open_dags.pop()


def task_group(group_id=None, **keywords):
    """`@task_group`, `@task_group(...)`: a function whose call declares a group."""
    if callable(group_id):
        return _GroupFactory(group_id, {})
    if group_id is not None:
        keywords["group_id"] = group_id
    return lambda function: _GroupFactory(function, keywords)


class _GroupFactory:
    def __init__(self, function, keywords):
        self.function = self.__wrapped__ = function
        self.keywords = keywords
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *arguments, **keywords):
        declared = {"group_id": self.function.__name__, "add_suffix_on_collision": True, **self.keywords}
        with TaskGroup(**declared) as group:
            returned = self.function(*arguments, **keywords)
        return group if returned is None else returned

    def override(self, **keywords):
        return _GroupFactory(self.function, {**self.keywords, **keywords})

    def _refuse_mapping(self, *arguments, **keywords):
        fail(
            codes.DYNAMIC_MAPPING,
            "dynamic task mapping (`.partial()`, `.expand()`) cannot be expressed in dag.json",
            "loop in dag.py",
        )

    partial = expand = expand_kwargs = _refuse_mapping
