//! What cannot be expressed is refused by name, with the author's line and one thing to do.

use super::{assert_refusal, declares, describe_error, execute, refuses};

#[test]
fn dags() {
    refuses("@dag\ndef a(): pass", "line 1: the `@dag` function `a` is never called, so it declares no DAG\nadd `a()`");
    refuses("\nDAG()", "line 2: DAG() has no `dag_id`\nDAG(");
    refuses(
        "with DAG('a'): pass\nwith DAG('a'): pass",
        "line 2: the DAG `a` is declared twice; first in line 7\nid of its own",
    );
    refuses(
        "with DAG('a', schedule=timedelta(days=1)): pass",
        "line 1: `schedule` is a timedelta (1 day, 0:00:00); dag.json takes a cron expression or a preset\n@daily",
    );
    refuses(
        "with DAG('a', schedule=timedelta(minutes=15)): pass",
        "line 1: `schedule` is a timedelta (0:15:00); dag.json takes a cron expression or a preset\n*/15 * * * *",
    );
    refuses(
        "with DAG('a', schedule=7): pass",
        "line 1: `schedule` is an int; it takes a string, None or a timetable with a `summary`",
    );
    refuses(
        "with DAG('a', schedule_interval='@daily'): pass",
        "line 1: `schedule_interval` of DAG() cannot be expressed in dag.json\ncalls it `schedule`",
    );
    refuses(
        "with DAG('a', shedule='@daily'): pass",
        "line 1: DAG() has no argument `shedule`\ndid you mean `schedule`?",
    );
    refuses(
        "with DAG('a', on_failure_callback=print): pass",
        "line 1: `on_failure_callback` of DAG() cannot be expressed in dag.json\nalerts.on_failure",
    );
    refuses("with DAG('a', tags='x'): pass", "line 1: `tags` is a str; it takes a list of strings\ntags=[");
    refuses("with DAG('a', catchup='no'): pass", "line 1: `catchup` is a str; it takes True or False");
    refuses(
        "with DAG('a', max_active_runs='two'): pass",
        "line 1: `max_active_runs` is a str; it takes a whole number",
    );
    refuses(
        "with DAG('a', catchup=True, start_date=datetime.now()): pass",
        "line 1: `start_date` is computed from the clock, and `catchup=True` would run everything since then\nfixed date",
    );
    refuses("with DAG('a', start_date=5): pass", "line 1: `start_date` is an int; it takes a datetime");
    refuses(
        "with DAG('a b'): pass",
        "line 1: `dag_id` 'a b' is not a key: letters, digits, `-`, `.` and `_`, at most 250 of them",
    );
    refuses(
        "with DAG('a', params={'x': datetime(2025, 1, 1)}): pass",
        "line 1: argument `x` of `params` is a datetime, which JSON cannot express\nisoformat",
    );
}

#[test]
fn task_settings() {
    let check = |arguments: &str, expected: &str| {
        refuses(&format!("with DAG('a'):\n  BashOperator(task_id='t', bash_command='true', {arguments})"), expected);
    };
    check(
        "depends_on_past=True",
        "line 2: `depends_on_past` of task `t` cannot be expressed in dag.json\nmax_active_runs=1",
    );
    check("on_success_callback=print", "line 2: `on_success_callback` of task `t` cannot be expressed in dag.json");
    check("on_retry_callback=print", "line 2: `on_retry_callback` of task `t` cannot be expressed in dag.json");
    check(
        "on_failure_callback=print",
        "line 2: `on_failure_callback` of the bash task `t` cannot be expressed in dag.json\nalerts.on_failure",
    );
    check("retry_delay=1.5", "line 2: `retry_delay` is 1.5 seconds; dag.json knows whole seconds only");
    check(
        "retry_delay='5m'",
        "line 2: `retry_delay` is a str; it takes a timedelta or a number of seconds\ntimedelta(minutes=5)",
    );
    check("retries=-1", "line 2: `retries` is -1; the least is 0");
    check(
        "execution_timeout=timedelta(seconds=-1)",
        "line 2: `execution_timeout` is -1.0 seconds; it cannot be less than zero",
    );
    check("cwd='/x'", "line 2: `cwd` of `t` cannot be expressed in dag.json\ncd DIR");
    check("env={'A': 1}", "line 2: `env` of `t` has an int as `A`; it takes strings");
    check("bash_comand='x'", "line 2: BashOperator() has no argument `bash_comand`\ndid you mean `bash_command`?");
    check(
        "email='a@example.com'",
        "line 2: `email` of task `t` cannot be expressed in dag.json\nemail_on_failure=False",
    );
    check("queue='q'", "line 2: `queue` of task `t` cannot be expressed in dag.json\nnode_selector");
}

#[test]
fn the_dags_own_parameters() {
    refuses(
        "@task\ndef t(x): ...\n@dag\ndef a(month='2025-01'): t(month)\na()",
        "line 4: argument `x` of `t` is the DAG's parameter `month`, which JSON cannot express\n\
         get_current_context()[\"params\"][\"month\"]",
    );
    refuses(
        "@dag\ndef a(day=1): BashOperator(task_id='t', bash_command=f'echo {day}')\na()",
        "line 2: the DAG's parameter `day` has no value before a run starts\n{{ params.day }}",
    );
}

#[test]
fn operators() {
    refuses("with DAG('a'): BashOperator(task_id='t')", "line 1: `bash_command` of `t` is not a command");
    refuses("with DAG('a'): BashOperator(bash_command='x')", "line 1: BashOperator has no `task_id`");
    refuses(
        "from airflow.providers.standard.operators.python import BranchPythonOperator\n\
         with DAG('a'): BranchPythonOperator(task_id='t', python_callable=print)",
        "line 2: unsupported operator `BranchPythonOperator`: a branch cannot be expressed in dag.json, and dropping it \
         would run every path\nreturns early",
    );
    refuses(
        "from airflow.providers.standard.operators.python import ShortCircuitOperator\n\
         with DAG('a'): ShortCircuitOperator(task_id='t', python_callable=print)",
        "line 2: unsupported operator `ShortCircuitOperator`: a short circuit cannot be expressed in dag.json, and \
         dropping it would run every task",
    );
    refuses(
        "class Mine(BaseOperator): ...\nwith DAG('a'):\n  Mine(task_id='t')",
        "line 3: unsupported operator `Mine` (task `t`)\n@task",
    );
    refuses(
        "with DAG('a'): PythonOperator(task_id='t', python_callable=lambda: 1)",
        "line 1: `python_callable` of `t` is a lambda; the pod finds a function by its name\n`def`",
    );
    refuses(
        "with DAG('a'): PythonOperator(task_id='t', python_callable=7)",
        "line 1: `python_callable` of `t` is an int; it takes a function",
    );
    refuses(
        "with DAG('a'): PostgresOperator(task_id='q', sql=datetime(2025, 1, 1))",
        "line 1: argument `sql` of `q` is a datetime, which JSON cannot express\nisoformat",
    );
    refuses(
        "with DAG('a'): PostgresOperator(task_id='q', parameters={'f': [print]})",
        "line 1: argument `parameters['f'][0]` of `q` is the function `print`, which JSON cannot express",
    );
    refuses(
        "@task\ndef t(): ...\nwith DAG('a'): PostgresOperator(task_id='q', parameters={'x': t()})",
        "line 3: argument `parameters` of `q` mixes results of tasks with other values, which dag.json cannot express",
    );
    refuses(
        "BashOperator(task_id='t', bash_command='true')\nwith DAG('a'): pass",
        "line 1: the task `t` belongs to no DAG\ndag=",
    );
}

#[test]
fn taskflow() {
    refuses(
        "@task.branch\ndef t(): ...\nwith DAG('a'): t()",
        "line 1: unsupported decorator `@task.branch`: a branch cannot be expressed in dag.json, and dropping it would run every path",
    );
    refuses(
        "@task.docker(image='x')\ndef t(): ...\nwith DAG('a'): t()",
        "line 1: unsupported decorator `@task.docker`: every task already runs in a container of its own",
    );
    refuses(
        "@task\ndef t(x): ...\nwith DAG('a'): t.expand(x=[1])",
        "line 3: dynamic task mapping (`.partial()`, `.expand()`) cannot be expressed in dag.json\nloop",
    );
    refuses("@task\ndef t(x): ...\nwith DAG('a'): t()", "line 3: TypeError: t() misses the argument `x`");
    refuses(
        "@task\ndef t(x): ...\nwith DAG('a'): t(1, 2)",
        "line 3: TypeError: t() takes 1 positional arguments but 2 were given",
    );
    refuses(
        "@task\ndef t(x): ...\nwith DAG('a'): t(1, z=2)",
        "line 3: TypeError: t() has no parameter `z`\ndid you mean `x`?",
    );
    refuses(
        "@task\ndef t(*x): ...\nwith DAG('a'): t(1)",
        "line 3: t() takes `*args`; dag.json knows arguments by name only",
    );
    refuses(
        "@task\ndef t(x): ...\nwith DAG('a'): t({1, 2})",
        "line 3: argument `x` of `t` is a set, which JSON cannot express\nsorted",
    );
    refuses(
        "@task\ndef t(x=None): ...\nwith DAG('a'): t([t(), 1])",
        "line 3: argument `x` of `t__1` mixes results of tasks with other values, which dag.json cannot express\nlist of only results",
    );
    refuses(
        "@task\ndef t(x=None): ...\nwith DAG('a'): t(t()['k'])",
        "line 3: one key of a result (`t['k']`) cannot be expressed in dag.json\nwhole result",
    );
    refuses(
        "@task\ndef t(): ...\nwith DAG('a'):\n  for x in t(): pass",
        "line 4: the result of `t` is not known before it runs; it cannot be iterated over",
    );
    refuses(
        "@task\ndef t(): ...\nwith DAG('a'):\n  EmptyOperator(task_id='e') >> t",
        "line 4: the task `t` was not called\n`t()`",
    );
    refuses(
        "@task.bash\ndef t(x='1'):\n  return f'echo {x}'\nwith DAG('a'): t()",
        "line 1: the command of `t` is only known when the function runs; dag.json takes the command itself\nBashOperator",
    );
    refuses("with DAG('a'): EmptyOperator(task_id='e') >> 5", "line 1: an edge takes tasks; this is an int");
    refuses(
        "d = DAG('a')\ne = DAG('b')\nEmptyOperator(task_id='x', dag=d) >> EmptyOperator(task_id='y', dag=e)",
        "line 3: `x` and `y` belong to different DAGs and cannot be connected",
    );
}

#[test]
fn moved_and_missing_modules() {
    refuses(
        "from airflow.operators.bash import BashOperator",
        "line 1: `airflow.operators.bash` is gone from Airflow 3\nairflow.providers.standard.operators.bash",
    );
    refuses(
        "from airflow.operators.dummy import DummyOperator",
        "line 1: `airflow.operators.dummy` is gone from Airflow 3\nairflow.providers.standard.operators.empty",
    );
    refuses(
        "from airflow.providers.postgres.hooks.postgres import PostgresHook",
        "line 1: `airflow.providers.postgres.hooks.postgres` is a hook, and hooks are not there while dag.py is compiled\nconnectors: [postgres]",
    );
    refuses(
        "x = 1\nimport pandas as pd",
        "line 2: ModuleNotFoundError: No module named 'pandas'\nadd `dependencies: [pandas]` to leoflow.yaml",
    );
    refuses(
        "x = Variable.get('k')",
        "line 1: Variable.get() is not available while dag.py is compiled: values are delivered when the task runs\nvar.value",
    );
    declares(
        "def t():\n  import pandas\n  from airflow.providers.postgres.hooks.postgres import PostgresHook\nwith DAG('a'): pass",
        "dag a",
    );
}

#[test]
fn faulty_code() {
    refuses("\n\nundefined", "line 3: NameError: name 'undefined' is not defined");
    refuses("def f():\n  return 1 / 0\nf()", "line 2: ZeroDivisionError: division by zero");
    refuses("raise SystemExit(3)", "line 1: SystemExit: 3\nrun to its end");
    refuses("class E(BaseException): pass\nraise E('two\\nlines')", "line 2: E: two");
    refuses("def f(): f()\nf()", "line 1: RecursionError: maximum recursion depth exceeded\ncalls itself");
}

#[test]
fn a_syntax_error_has_a_column() {
    let error = execute(&[("dag.py", "x = 1\nfor y in ñ[0] z:\n    pass\n")]).expect_err("a syntax error");
    let leoflow::python::PythonError::Code { span: Some(span), message, .. } = &error else { panic!("{error:?}") };
    assert_eq!(span.position().0, 2);
    assert!(span.position().1 > 1, "{span:?}");
    assert!(message.starts_with("SyntaxError: "), "{message}");
}

#[test]
fn a_fault_in_a_sibling_names_it_and_how_it_was_reached() {
    let error =
        execute(&[("dag.py", "import helpers\n\nhelpers.f()\n"), ("helpers.py", "def f():\n    return {}['k']\n")])
            .expect_err("a KeyError");
    assert_refusal(&describe_error(&error, 0), "helpers.py line 2: KeyError: 'k'", "helpers.py");
    let leoflow::python::PythonError::Code { trace, .. } = &error else { panic!("{error:?}") };
    assert_eq!(trace.iter().map(|span| super::place(span, 0)).collect::<Vec<_>>(), ["line 3"]);
}

#[test]
fn declared_packages_import_and_are_not_used() {
    let check = |source: &str, requirements: &[&str], expected: &str| {
        let requirements: Vec<_> = requirements.iter().map(|&name| name.to_owned()).collect();
        let project = super::project(&[("dag.py", source)]);
        let found = match super::or_refused(super::interpreter().execute_with(project.path(), "dag.py", &requirements))
        {
            Ok(execution) => execution.dags.iter().map(super::describe).collect(),
            Err(error) => describe_error(&error, 0),
        };
        assert_refusal(found.trim_end(), expected, source);
    };
    let types = "from __future__ import annotations\nimport pandas as pd\nimport numpy as np\nfrom airflow.sdk import DAG, task\n\
                 Frame = pd.DataFrame | None\n@task\ndef t(x: pd.DataFrame, y=np.pi): ...\nwith DAG('a'): t('x')";
    check(types, &["pandas>=2"], "dag a\nt python `dag:t` args={\"x\":\"x\"}");
    check("import yaml, sklearn.svm", &["PyYAML", "scikit-learn[all]~=1.4"], "");
    check("from google.cloud import storage", &["google-cloud-storage"], "");
    check("import boto3", &["apache-airflow-providers-amazon"], "");
    check("import requests\ntry: pass\nexcept requests.HTTPError: pass", &["requests ; python_version > '3.8'"], "");
    check(
        "import pandas as pd\nfor t in pd.read_csv('x'): pass",
        &["pandas"],
        "line 2: dag.py may not use `pandas.read_csv()` while it is compiled: packages are only there in the pod\n@task",
    );
    check(
        "import pandas as pd\nif pd.options.x: pass",
        &["pandas"],
        "line 2: dag.py may not use `pandas.options.x` while it is compiled: packages are only there in the pod",
    );
    check("import yaml", &["pandas"], "line 1: ModuleNotFoundError: No module named 'yaml'\ndependencies: [PyYAML]");
    check("import requests", &[], "line 1: ModuleNotFoundError: No module named 'requests'\ndependencies: [requests]");
}

#[test]
fn slips_of_the_fingers_are_told() {
    refuses("rows = 1\nprint(rosw)", "line 2: NameError: name 'rosw' is not defined\ndid you mean `rows`?");
    refuses("prnt(1)", "line 1: NameError: name 'prnt' is not defined\ndid you mean `print`?");
    refuses(
        "with DAG('a') as d: pass\nd.task_idz",
        "line 2: AttributeError: 'DAG' object has no attribute 'task_idz'\ndid you mean `task_ids`?",
    );
    refuses(
        "open('dga.py')",
        "line 1: FileNotFoundError: [Errno 2] No such file in the project: 'dga.py'\ndid you mean `dag.py`?",
    );
    refuses("import dg", "line 1: ModuleNotFoundError: No module named 'dg'\ndid you mean `dag`?");
    refuses(
        "from airflow.sdk import EmptyOperatr",
        "line 1: ImportError: `airflow.sdk` has no `EmptyOperatr`\ndid you mean `EmptyOperator`?",
    );
}
