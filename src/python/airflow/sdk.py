"""The names that authors of Airflow 3 DAGs import."""

from airflow._bundled import BashOperator, EmptyOperator, PythonOperator
from airflow._dag import DAG, Param, dag
from airflow._edges import Label, XComArg, chain, chain_linear, cross_downstream
from airflow._elsewhere import Elsewhere, ParsingContext, asset, setup, teardown, texts
from airflow._groups import TaskGroup, task_group
from airflow._operators import BaseOperator
from airflow._report import codes, fail
from airflow._taskflow import task
from _leoflow_suggest import nearest

ParamsDict = dict


class AirflowException(Exception):
    """Raised inside tasks."""


class AirflowFailException(AirflowException):
    """Fails a task without a retry."""


class AirflowSkipException(AirflowException):
    """Skips a task."""


class AirflowNotFoundException(AirflowException):
    """A connection or variable is missing."""


# Which of the rules dag.json carries is checked where the DAG is compiled.
TriggerRule = texts(
    "TriggerRule",
    "all_success all_failed all_done all_done_min_one_success all_done_setup_success one_success one_failed one_done "
    "none_failed none_skipped always none_failed_min_one_success all_skipped",
)
WeightRule = texts("WeightRule", "downstream upstream absolute")
DagRunState = texts("DagRunState", "queued running success failed")
_STATES = (
    "removed scheduled queued running success restarting failed up_for_retry up_for_reschedule upstream_failed skipped "
    "deferred"
)
TaskInstanceState = texts("TaskInstanceState", _STATES)
State = texts("State", _STATES)
DagRunType = texts("DagRunType", "backfill scheduled manual asset_triggered operator_triggered")
EdgeModifier = Label


class _RunTimeOnly:
    """Something that the control plane gives to a running task."""

    def __init__(self, name, help):
        self._name = name
        self._help = help

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return lambda *arguments, **keywords: self(attribute)

    def __call__(self, attribute=None, *arguments, **keywords):
        shown = f"{self._name}.{attribute}" if isinstance(attribute, str) and attribute.isidentifier() else self._name
        fail(
            codes.NOT_WHILE_COMPILING,
            f"{shown}() is not available while dag.py is compiled: values are delivered when the task runs",
            self._help,
        )


Variable = _RunTimeOnly(
    "Variable",
    "read it inside a function under `@task`, or in a templated argument write `{{ var.value.name }}`; declare its name "
    "under `variables:` in leoflow.yaml",
)
Connection = _RunTimeOnly(
    "Connection",
    "read it inside a function under `@task`; declare its name under `connections:` in leoflow.yaml",
)


def get_current_context():
    fail(
        codes.NOT_WHILE_COMPILING,
        "get_current_context() is not available while dag.py is compiled",
        "call it inside a function under `@task`",
    )


class _Timetable:
    def __init__(self, cron, *, timezone=None, **keywords):
        for name, value in keywords.items():
            if value not in (None, False):
                fail(
                    codes.UNSUPPORTED_SCHEDULE,
                    f"`{name}` of {type(self).__name__}() cannot be expressed in dag.json",
                    "give it the cron expression and the `timezone` only",
                )
        self.summary = cron
        self.timezone = timezone


class CronTriggerTimetable(_Timetable):
    """Runs at the times of a cron expression."""


class CronDataIntervalTimetable(_Timetable):
    """Runs after each interval of a cron expression."""


class DeltaTriggerTimetable:
    """Has no cron expression, so a DAG that uses it is refused."""

    def __init__(self, delta, *arguments, **keywords):
        fail(
            codes.UNSUPPORTED_SCHEDULE,
            "a timetable of a timedelta cannot be expressed in dag.json",
            'write a cron expression, e.g. `schedule="@daily"`',
        )


DeltaDataIntervalTimetable = DeltaTriggerTimetable


def datetime(*arguments, **keywords):
    """`airflow.utils.timezone.datetime`: in UTC."""
    from datetime import datetime, timezone

    return datetime(*arguments, tzinfo=timezone.utc, **keywords)


def utcnow():
    from datetime import datetime, timezone

    return datetime.now(timezone.utc)


def parse(text, timezone=None):
    from datetime import datetime

    return datetime.fromisoformat(text)


def get_parsing_context():
    return ParsingContext()


class Asset:
    """Known only to be refused as a schedule or an outlet."""

    def __init__(self, name=None, uri=None, **keywords):
        self.name = name or uri
        self.uri = uri or name

    def __and__(self, other):
        return [self, other]

    __or__ = __rand__ = __ror__ = __and__

    def __class_getitem__(cls, item):
        return cls

    @staticmethod
    def ref(*arguments, **keywords):
        return Asset(*arguments, **keywords)


Dataset = Asset


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "utc":
        from datetime import timezone

        return timezone.utc
    from airflow._bundled import REFUSED_CLASSES

    if name in REFUSED_CLASSES:
        return REFUSED_CLASSES[name]
    if name.startswith("Airflow") or name == "TaskDeferred":
        return globals().setdefault(name, type(name, (AirflowException,), {}))
    from airflow._providers import names_of

    known = names_of("airflow.sdk")
    if name in known or name in _RUN_TIME:
        return globals().setdefault(name, Elsewhere("airflow.sdk." + name))
    meant = nearest(name, [*globals(), *REFUSED_CLASSES, *known])
    fail(
        codes.NOT_IN_AIRFLOW,
        f"ImportError: `airflow.sdk` has no `{name}`",
        f"did you mean `{meant}`?" if meant else "operators come from `airflow.providers.<provider>.operators`",
    )


# Of older homes; they mean nothing before a task runs.
_RUN_TIME = frozenset("DagRun XCom".split())

__all__ = """
    AllowedKeyMapper Asset AssetAccessControl AssetAlias AssetAll AssetAny AssetOrTimeSchedule AssetWatcher
    AsyncCallback BaseAsyncOperator BaseBranchOperator BaseDeadlineReference BaseHook BaseNotifier BaseOperator
    BaseOperatorLink BaseSensorOperator BaseXCom BashOperator BranchMixIn ChainMapper Connection Context
    CronDataIntervalTimetable CronPartitionTimetable CronTriggerTimetable DAG DagRunState DayWindow DeadlineAlert
    DeadlineReference DeltaDataIntervalTimetable DeltaTriggerTimetable EdgeModifier EmptyOperator EventsTimetable
    ExceptionRetryPolicy FanOutMapper FixedKeyMapper HourWindow IdentityMapper Label Metadata MinimumCount
    MonthWindow MultipleCronTriggerTimetable NEVER_EXPIRE ObjectStoragePath Param ParamsDict PartitionMapper
    PartitionedAssetTimetable PartitionedAtRuntime PokeReturnValue ProductMapper PythonOperator QuarterWindow
    ResumableJobMixin RetryAction RetryDecision RetryPolicy RetryRule RollupMapper SegmentWindow SkipMixin
    StartOfDayMapper StartOfHourMapper StartOfMonthMapper StartOfQuarterMapper StartOfWeekMapper StartOfYearMapper
    SyncCallback TaskGroup TaskInstance TaskInstanceState TriggerRule Variable WaitForAll WeekWindow WeightRule
    Window XComArg YearWindow asset chain chain_linear conf cross_downstream dag deadline_reference
    get_current_context get_parsing_context lineage literal macros result setup task task_group teardown
    """.split()
