"""What stands for a task's result, and the edges between tasks."""

from airflow._report import codes, fail
from airflow._values import describe


class Joinable:
    """Anything that `>>` and `<<` connect: an operator, a result, a group of tasks."""

    def _roots(self):
        """The tasks that an edge into this one leads to."""
        return [self]

    def _leaves(self):
        """The tasks that an edge from this one starts at."""
        return [self]

    def _before_others(self):
        """What stands before the others in `self >> others`."""
        return self

    def _follows(self, befores):
        """Is told which tasks an edge into this one starts at."""

    def set_upstream(self, other, edge_modifier=None):
        connect(other, self)

    def set_downstream(self, other, edge_modifier=None):
        connect(self._before_others(), other)

    def __rshift__(self, other):
        self.set_downstream(other)
        return other

    def __lshift__(self, other):
        connect(other, self)
        return other

    def __rrshift__(self, other):
        connect(other, self)
        return self

    def __rlshift__(self, other):
        self.set_downstream(other)
        return self

    def __enter__(self):
        fail(
            codes.SETUP_TEARDOWN,
            f"`with` on {describe(self)} makes a setup and teardown of tasks, which dag.json cannot express",
            'use edges, and `trigger_rule="all_done"` for cleaning up',
        )

    def __exit__(self, *exception):
        return False


def _flat(value, ends):
    if isinstance(value, Joinable):
        return getattr(value, ends)()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [task for item in value for task in _flat(item, ends)]
    return _check_joinable(value)


def _check_joinable(value):
    if not isinstance(value, Joinable):
        _fail_forgotten_call(value)
        fail(
            codes.BAD_EDGE,
            f"an edge takes tasks; this is {describe(value)}",
            "connect operators, results of `@task` calls, task groups, or lists of them",
        )


def _fail_forgotten_call(value):
    from airflow._taskflow import TaskFactory

    if isinstance(value, TaskFactory):
        value._not_called()


def connect(upstream, downstream):
    if isinstance(upstream, (list, tuple)):
        for one in upstream:
            connect(one, downstream)
    elif isinstance(downstream, (list, tuple)):
        for one in downstream:
            connect(upstream, one)
    elif isinstance(upstream, Label):
        upstream.set_downstream(_flat(downstream, "_roots"))
    elif isinstance(downstream, Label):
        downstream.set_upstream(_flat(upstream, "_leaves"))
    else:
        _connect(upstream, downstream)


def _connect(upstream, downstream):
    befores = _flat(upstream, "_leaves")
    for after in _flat(downstream, "_roots"):
        for before in befores:
            before._check_same_dag(after)
            after._upstream.add(before)
    if isinstance(downstream, Joinable):
        downstream._follows(befores)


class Label(Joinable):
    """A text on an edge, which dag.json does not carry: `a >> Label("x") >> b` connects a to b.

    As in Airflow, between different task groups it connects the groups: `a` stands for all leaves of its own.
    """

    def __init__(self, label=""):
        self.label = label
        self._before = []
        self._after = []

    def set_upstream(self, other, edge_modifier=None):
        self._before.extend(_nodes(other))
        self._widen()
        for one in self._after:
            connect(other, one)

    def set_downstream(self, other, edge_modifier=None):
        self._after.extend(_nodes(other))
        self._widen()
        for one in self._before:
            connect(one, other)

    def __rshift__(self, other):
        self.set_downstream(other)
        return other

    def __lshift__(self, other):
        self.set_upstream(other)
        return other

    def __rrshift__(self, other):
        self.set_upstream(other)
        return self

    def __rlshift__(self, other):
        self.set_downstream(other)
        return self

    def _widen(self):
        if self._before and self._after and len({_group_id(node) for node in self._before + self._after}) > 1:
            self._before = [_group_or_itself(node) for node in self._before]
            self._after = [_group_or_itself(node) for node in self._after]


def _nodes(value):
    nodes = list(value) if isinstance(value, (list, tuple)) else [value]
    for node in nodes:
        if isinstance(node, Label):
            fail(
                codes.BAD_EDGE,
                "a label stands between tasks; this one is joined to another label",
                "put a task between them",
            )
        _check_joinable(node)
    return nodes


def _group_id(node):
    """What a label compares: a group's own id, or that of the group around a task; None is the DAG."""
    node = node.operator if isinstance(node, XComArg) else node
    if hasattr(node, "group_id"):
        return node.group_id
    return node._group.group_id if node._group is not None else None


def _group_or_itself(node):
    """A result stays what it is, also where Airflow takes its task for a group."""
    return getattr(node, "_group", None) or node


def _fail_one_key(operator, key):
    fail(
        codes.RESULT_NOT_KNOWN,
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
            codes.RESULT_NOT_KNOWN,
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

    def as_setup(self, *arguments, **keywords):
        self.operator._refuse_setup()

    as_teardown = as_setup

    def __getattr__(self, name):
        if name in ("map", "zip", "concat"):
            fail(
                codes.DYNAMIC_MAPPING,
                f"`.{name}()` on a result is dynamic task mapping, which dag.json cannot express",
                "loop inside the task",
            )
        if name in ("override", "partial", "expand"):
            fail(codes.BAD_EDGE, f"`.{name}` comes before the call", f"write `task.{name}(…)(…)`")
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
            if type(item) not in _LEAVES:
                results_in(item, found)
    return found


_LEAVES = frozenset([bool, int, float, str, type(None)])


def chain(*tasks):
    """`chain(a, [b, c], d)`; two lists in a row are joined pairwise."""
    for before, after in zip(tasks, tasks[1:]):
        if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
            if len(before) != len(after):
                fail(
                    codes.BAD_EDGE,
                    f"chain() joins lists pairwise; these have {len(before)} and {len(after)} tasks",
                    "use cross_downstream()",
                )
            for one, other in zip(before, after):
                _lead(one, other)
        elif isinstance(before, (list, tuple)):
            connect(before, after)
        else:
            _lead(before, after)


def _lead(before, after):
    _check_joinable(before)
    before.set_downstream(after)


def chain_linear(*tasks):
    """Like chain(), every task of one list before every task of the next."""
    for before, after in zip(tasks, tasks[1:]):
        cross_downstream(before, after)


def cross_downstream(from_tasks, to_tasks):
    for task in from_tasks if isinstance(from_tasks, (list, tuple)) else [from_tasks]:
        _lead(task, to_tasks)
