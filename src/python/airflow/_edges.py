"""What stands for a task's result, and the edges between tasks."""

from airflow._report import fail
from airflow._values import describe


class Joinable:
    """Anything that `>>` and `<<` connect: an operator, a result, a group of tasks."""

    def _roots(self):
        """The tasks that an edge into this one leads to."""
        return [self]

    def _leaves(self):
        """The tasks that an edge from this one starts at."""
        return [self]

    def set_upstream(self, other, edge_modifier=None):
        connect(other, self)

    def set_downstream(self, other, edge_modifier=None):
        connect(self, other)

    def __rshift__(self, other):
        connect(self, other)
        return other

    def __lshift__(self, other):
        connect(other, self)
        return other

    def __rrshift__(self, other):
        connect(other, self)
        return self

    def __rlshift__(self, other):
        connect(self, other)
        return self


def _flat(value, ends):
    if isinstance(value, (list, tuple, set, frozenset)):
        return [task for item in value for task in _flat(item, ends)]
    if not isinstance(value, Joinable):
        _fail_forgotten_call(value)
        fail(f"an edge takes tasks; this is {describe(value)}")
    return getattr(value, ends)()


def _fail_forgotten_call(value):
    from airflow._taskflow import TaskFactory

    if isinstance(value, TaskFactory):
        value._not_called()


def connect(upstream, downstream):
    if isinstance(downstream, Label):
        return downstream._join(before=upstream)
    if isinstance(upstream, Label):
        return upstream._join(after=downstream)
    for before in _flat(upstream, "_leaves"):
        for after in _flat(downstream, "_roots"):
            before._check_same_dag(after)
            after._upstream.add(before)


class Label(Joinable):
    """A text on an edge: for people only. `a >> Label("x") >> b` connects a to b."""

    def __init__(self, label=""):
        self.label = label
        self._before = []
        self._after = []

    def _join(self, before=None, after=None):
        if before is not None:
            self._before.append(before)
        if after is not None:
            self._after.append(after)
        for one in self._before:
            for other in self._after:
                connect(one, other)


def _fail_one_key(operator, key):
    fail(
        f"one key of a result (`{operator.task_id}[{key!r}]`) cannot be expressed in dag.json",
        f"pass the whole result and write `[{key!r}]` inside the task that takes it",
    )


class XComArg(Joinable):
    """A task's result, before there is one."""

    def __init__(self, operator, key="return_value"):
        if key != "return_value":
            _fail_one_key(operator, key)
        self.operator = operator
        self.key = key

    def _roots(self):
        return [self.operator]

    def _leaves(self):
        return [self.operator]

    def __repr__(self):
        return f"XComArg({self.operator.task_id})"

    def __getitem__(self, key):
        if not isinstance(key, str):
            raise TypeError(f"the result of `{self.operator.task_id}` is indexed with a string")
        _fail_one_key(self.operator, key)

    def __iter__(self):
        fail(
            f"the result of `{self.operator.task_id}` is not known before it runs; it cannot be iterated over",
            "iterate inside the task that takes it",
        )

    def __bool__(self):
        return True

    def __eq__(self, other):
        return isinstance(other, XComArg) and self.operator is other.operator and self.key == other.key

    def __hash__(self):
        return hash((self.operator, self.key))

    def __str__(self):
        """As Airflow: a template, which makes no edge."""
        dag = self.operator._dag.dag_id if self.operator._dag else ""
        return (
            f"{{{{ task_instance.xcom_pull(task_ids='{self.operator.task_id}', dag_id='{dag}', key='{self.key}') }}}}"
        )

    def __format__(self, spec):
        return format(str(self), spec)

    def __getattr__(self, name):
        if name in ("map", "zip", "concat"):
            fail(
                f"`.{name}()` on a result is dynamic task mapping, which dag.json cannot express",
                "loop inside the task",
            )
        if name in ("override", "partial", "expand"):
            fail(f"`.{name}` comes before the call", f"write `task.{name}(…)(…)`")
        raise AttributeError(f"the result of a task has no attribute {name!r}")


def results_in(value, found=None):
    """The XComArgs anywhere inside a value, each once, in order: the keys of a dict."""
    found = {} if found is None else found
    if isinstance(value, XComArg):
        found[value] = True
    elif isinstance(value, dict):
        for item in value.values():
            results_in(item, found)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            results_in(item, found)
    return found


def chain(*tasks):
    """`chain(a, [b, c], d)`; two lists in a row are joined pairwise."""
    for before, after in zip(tasks, tasks[1:]):
        if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
            if len(before) != len(after):
                fail(
                    f"chain() joins lists pairwise; these have {len(before)} and {len(after)} tasks",
                    "use cross_downstream()",
                )
            for one, other in zip(before, after):
                connect(one, other)
        else:
            connect(before, after)


def chain_linear(*tasks):
    """Like chain(), every task of one list before every task of the next."""
    for before, after in zip(tasks, tasks[1:]):
        connect(before, after)


def cross_downstream(from_tasks, to_tasks):
    connect(from_tasks, to_tasks)
