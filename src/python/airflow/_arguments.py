"""Every argument that Airflow 3 knows, and what becomes of it: the one table.

Silently dropping an argument is a mistranslation. So an argument is carried by dag.json, or it is presentation (it
changes what a person sees, never what happens), or it is refused unless it says what happens anyway (its default).
"""

from _leoflow_opaque import refuse_shape
from _leoflow_suggest import nearest

from airflow._report import codes, fail

# Seen by people only.
TASK_PRESENTATION = frozenset(
    "doc doc_md doc_json doc_yaml doc_rst task_display_name ui_color ui_fgcolor map_index_template logger_name "
    "owner".split()
)
# argument -> (its default, what to do instead)
TASK_REFUSED = {
    "depends_on_past": (False, "say `max_active_runs=1` on the DAG, or check the previous run inside the task"),
    "wait_for_downstream": (False, "say `max_active_runs=1` on the DAG"),
    "wait_for_past_depends_before_skipping": (False, None),
    "ignore_first_depends_on_past": (True, None),
    "retry_exponential_backoff": (False, "use a constant `retry_delay`"),
    "max_retry_delay": (None, "use a constant `retry_delay`"),
    "retry_policy": (None, "use a constant `retries` and `retry_delay`"),
    "start_date": (None, "give `start_date` to the DAG"),
    "end_date": (None, "give `end_date` to the DAG"),
    "params": (None, "give `params` to the DAG"),
    "priority_weight": (1, "use a `pool`"),
    "weight_rule": ("downstream", None),
    "queue": ("default", "pin nodes with `tasks.<id>.execution.node_selector` in leoflow.yaml"),
    "pool_slots": (1, "use a pool of its own"),
    "on_success_callback": (None, "put it at the end of the task, or into a task after it"),
    "on_retry_callback": (None, "do it inside the task"),
    "on_execute_callback": (None, "do it at the start of the task"),
    "on_skipped_callback": (None, None),
    "pre_execute": (None, "do it at the start of the task"),
    "post_execute": (None, "do it at the end of the task"),
    "resources": (None, "use `tasks.<id>.resources` in leoflow.yaml"),
    "run_as_user": (None, "every task runs as user 65532"),
    "max_active_tis_per_dag": (None, "use a `pool`"),
    "max_active_tis_per_dagrun": (None, "use a `pool`"),
    "executor": (None, "every task runs in a pod of its own"),
    "executor_config": (None, "use `tasks.<id>.execution` and `tasks.<id>.resources` in leoflow.yaml"),
    "do_xcom_push": (True, "return None from the task"),
    "multiple_outputs": (False, "return one value and index it in the task that takes it"),
    "show_return_value_in_logs": (True, None),
    "inlets": (None, "leave `inlets` out: dag.json carries no lineage"),
    "outlets": (None, "trigger the next DAG from a task"),
    "render_template_as_native_obj": (None, None),
    "allow_nested_operators": (True, None),
    "template_fields": (None, None),
    "deferrable": (False, "leave `deferrable` out: the task waits in a pod of its own"),
    "sla": (None, "SLAs are gone from Airflow 3; use `execution_timeout`"),
    "task_concurrency": (None, "use a `pool`"),
    "email_on_failure": (None, None),
    "email_on_retry": (None, None),
    "email": (None, "use `alerts.on_failure` in leoflow.yaml, or add `email_on_failure=False, email_on_retry=False`"),
}

DAG_PRESENTATION = frozenset("doc_md owner_links dag_display_name default_view orientation".split())
DAG_REFUSED = {
    "template_searchpath": (None, 'read the file in dag.py: `(Path(__file__).parent / "q.sql").read_text()`'),
    "template_undefined": (None, None),
    "user_defined_macros": (None, "compute the value in dag.py or in a task"),
    "user_defined_filters": (None, "compute the value in dag.py or in a task"),
    "jinja_environment_kwargs": (None, None),
    "render_template_as_native_obj": (False, None),
    "max_consecutive_failed_dag_runs": (0, None),
    "dagrun_timeout": (None, "use `execution_timeout` on the tasks"),
    "deadline": (None, "use `execution_timeout` on the tasks"),
    "on_success_callback": (None, "add a last task"),
    "on_failure_callback": (None, "use `alerts.on_failure` in leoflow.yaml, or `on_failure_callback` on the tasks"),
    "access_control": (None, "set permissions on the control plane"),
    "is_paused_upon_creation": (None, "pause it on the control plane"),
    "auto_register": (True, None),
    "fail_fast": (False, None),
    "fail_stop": (False, None),
    "disable_bundle_versioning": (False, None),
    "schedule_interval": (None, "Airflow 3 calls it `schedule`"),
    "timetable": (None, "Airflow 3 calls it `schedule`"),
    "concurrency": (None, "Airflow 3 calls it `max_active_tasks`"),
    "sla_miss_callback": (None, "SLAs are gone from Airflow 3; use `execution_timeout`"),
    "full_filepath": (None, None),
    "allowed_run_types": (None, None),
    "rerun_with_latest_version": (None, None),
    "task_group": (None, "open groups inside the DAG: `with TaskGroup(…):`"),
}


def _says_default(value, default):
    if value is None or value is default:
        return True
    refuse_shape(value)
    if isinstance(value, (list, tuple, dict, set)) and not value:
        return True
    if isinstance(value, str):  # `WeightRule.DOWNSTREAM`
        return str.__str__(value) == default
    return type(value) in (bool, int, float) and value == default


def check_task(arguments, owner, place=None):
    """Refuses what dag.json cannot carry and returns the rest, by name."""
    arguments = dict(arguments)
    _settle_email(arguments)
    return _check(arguments, TASK_PRESENTATION, TASK_REFUSED, owner, place)


def check_dag(arguments):
    return _check(dict(arguments), DAG_PRESENTATION, DAG_REFUSED, "DAG()", None)


def _settle_email(arguments):
    """Mail is sent only when there is an address and a reason; both reasons hold unless they are denied."""
    reasons = [arguments.pop(name, True) for name in ("email_on_failure", "email_on_retry")]
    if not any(reasons):
        arguments.pop("email", None)


def _check(arguments, presentation, refused, owner, place):
    kept = {}
    for name, value in arguments.items():
        if name in presentation:
            continue
        if name in refused:
            default, instead = refused[name]
            if not _says_default(value, default):
                fail(
                    codes.UNSUPPORTED_ARGUMENT,
                    f"`{name}` of {owner} cannot be expressed in dag.json",
                    instead or f"leave `{name}` out",
                    place,
                )
            continue
        kept[name] = value
    return kept


def unexpected(names, owner, known):
    """Reports an argument that nobody knows."""
    name = sorted(names)[0]
    meant = nearest(name, known, max(2, len(name) // 3))
    fail(
        codes.UNKNOWN_ARGUMENT,
        f"{owner} has no argument `{name}`",
        f"did you mean `{meant}`?" if meant else f"leave `{name}` out",
    )
