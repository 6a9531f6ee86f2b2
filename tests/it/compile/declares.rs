//! Source to structure.

use super::declares;

#[test]
fn dags() {
    declares("with DAG('a'): pass", "dag a");
    declares("DAG(dag_id='unnamed')", "");
    declares("d = DAG('named')", "dag named");
    declares("with DAG('a'): pass\nwith DAG('b'): pass", "dag a\ndag b");
    declares("with DAG('a', schedule='0 6 * * 1'): pass", "dag a schedule=0 6 * * 1");
    declares("with DAG('a', schedule=None): pass", "dag a");
    declares("with DAG('a', tags=['z', 'b']): pass", "dag a tags=z,b");
    declares("with DAG('a', tags={'z', 'b'}): pass", "dag a tags=b,z");
    declares(
        "with DAG('a', description='d', max_active_runs=1, max_active_tasks=4, catchup=True, doc_md='x'): pass",
        "dag a description=d runs=1 tasks=4 catchup=true",
    );
    declares("with DAG('a', start_date=datetime(2025, 1, 2)): pass", "dag a start=2025-01-02T00:00:00+00:00");
    declares(
        "with DAG('a', default_args={'owner': 'ana', 'start_date': datetime(2025, 1, 2)}): pass",
        "dag a start=2025-01-02T00:00:00+00:00 owner=ana",
    );
    declares("@dag\ndef a(): pass\na()", "dag a");
    declares("@dag('b', schedule='@hourly')\ndef a(): pass\na()", "dag b schedule=@hourly");
    declares("@dag(dag_id='b')\ndef a(): pass\nx = a()", "dag b");
}

#[test]
fn time_zones() {
    declares(
        "import pendulum\nwith DAG('a', start_date=pendulum.datetime(2025, 7, 1, tz='Europe/Madrid')): pass",
        "dag a zone=Europe/Madrid start=2025-07-01T00:00:00+02:00",
    );
    declares(
        "from zoneinfo import ZoneInfo\n\
         with DAG('a', start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo('America/New_York'))): pass",
        "dag a zone=America/New_York start=2025-01-01T00:00:00-05:00",
    );
    declares(
        "import pendulum\nwith DAG('a', end_date=pendulum.datetime(2025, 1, 1)): pass",
        "dag a end=2025-01-01T00:00:00+00:00",
    );
    declares(
        "from airflow.timetables.trigger import CronTriggerTimetable\n\
         with DAG('a', schedule=CronTriggerTimetable('0 1 * * *', timezone='Asia/Tokyo')): pass",
        "dag a schedule=0 1 * * * zone=Asia/Tokyo",
    );
}

#[test]
fn params() {
    declares(
        "with DAG('a', params={'n': 3, 'm': Param(type='string'), 'k': Param('x', enum=['x', 'y'])}): pass",
        r#"dag a params={"k":{"default":"x","schema":{"enum":["x","y"]}},"m":{"schema":{"type":"string"}},"n":{"default":3,"schema":{}}}"#,
    );
    declares("@dag\ndef a(n: int = 7): pass\na()", r#"dag a params={"n":{"default":7,"schema":{}}}"#);
}

#[test]
fn taskflow() {
    declares("@task\ndef t(): ...\nwith DAG('a'): t()", "dag a\nt python `dag:t`");
    declares("@task()\ndef t(): ...\nwith DAG('a'): t()", "dag a\nt python `dag:t`");
    declares("@task.python\ndef t(): ...\nwith DAG('a'): t()", "dag a\nt python `dag:t`");
    declares(
        "@task(task_id='u', retries=3, pool='p')\ndef t(): ...\nwith DAG('a'): t()",
        "dag a\nu python `dag:t` pool=p retries=3",
    );
    declares(
        "@task\ndef t(): ...\nwith DAG('a'): t.override(task_id='u', retries=1)()",
        "dag a\nu python `dag:t` retries=1",
    );
    declares(
        "@task\ndef t(): ...\nwith DAG('a'):\n  t()\n  t()\n  t()",
        "dag a\nt python `dag:t`\nt__1 python `dag:t`\nt__2 python `dag:t`",
    );
    declares("@dag\ndef a():\n  @task\n  def inner(): ...\n  inner()\na()", "dag a\ninner python `dag:inner`");
    declares("def f(): ...\ng = task(f)\nwith DAG('a'): g()", "dag a\nf python `dag:f`");
    declares("@task.bash\ndef t():\n  'doc'\n  return 'echo hi'\nwith DAG('a'): t()", "dag a\nt bash `echo hi`");
}

#[test]
fn bound_arguments() {
    let two = "@task\ndef one(): ...\n@task\ndef two(a, b=1, *, c=None, **more): ...\n";
    let check = |calls: &str, expected: &str| {
        declares(
            &format!("{two}with DAG('a'):\n  x = one()\n  {calls}"),
            &format!("dag a\none python `dag:one`\n{expected}"),
        );
    };
    check("two(1, 2)", r#"two python `dag:two` args={"a":1,"b":2}"#);
    check("two(b='x', a=[1, {'k': None}])", r#"two python `dag:two` args={"a":[1,{"k":null}],"b":"x"}"#);
    check("two((1, 2.5), c=True, d='more')", r#"two python `dag:two` args={"a":[1,2.5],"c":true,"d":"more"}"#);
    check("two(x)", r#"two python `dag:two` after=one xcom={"a":["one"]}"#);
    check("two([x])", r#"two python `dag:two` after=one xcom={"a":["one"]}"#);
    check("two(x, c=x)", r#"two python `dag:two` after=one xcom={"a":["one"],"c":["one"]}"#);
    check(
        "y = one()\n  two((y, x), 5)",
        "one__1 python `dag:one`\ntwo python `dag:two` after=one,one__1 xcom={\"a\":[\"one__1\",\"one\"]} args={\"b\":5}",
    );
    check("two([])", r#"two python `dag:two` args={"a":[]}"#);
    check("two(10**20)", r#"two python `dag:two` args={"a":100000000000000000000}"#);
}

#[test]
fn context_parameters_need_no_argument() {
    declares(
        "@task\ndef t(n, ds, ti=None, **context): ...\nwith DAG('a'): t(1)",
        r#"dag a
           t python `dag:t` args={"n":1}"#,
    );
}

#[test]
fn edges() {
    let three = "with DAG('a'):\n  a, b, c = [EmptyOperator(task_id=i) for i in 'abc']\n  ";
    let empty = "airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator`";
    let check = |edges: &str, a: &str, b: &str, c: &str| {
        let line = |id: &str, after: &str| {
            let after = if after.is_empty() { String::new() } else { format!(" after={after}") };
            format!("{id} {empty}{after}\n")
        };
        declares(&format!("{three}{edges}"), &format!("dag a\n{}{}{}", line("a", a), line("b", b), line("c", c)));
    };
    check("a >> b >> c", "", "a", "b");
    check("a << b << c", "b", "c", "");
    check("a >> [b, c]", "", "a", "a");
    check("[a, b] >> c", "", "", "a,b");
    check("[b, c] << a", "", "a", "a");
    check("a << [b, c]", "b,c", "", "");
    check("a >> [b] >> c", "", "a", "b");
    check("a.set_downstream([b, c])", "", "a", "a");
    check("c.set_upstream(a)", "", "", "a");
    check("a >> Label('yes') >> b", "", "a", "");
    check("a << Label('no') << b", "b", "", "");
    check("chain(a, [b, c])", "", "a", "a");
    check("chain([a, b], c)", "", "", "a,b");
    check("chain_linear(a, b, c)", "", "a", "b");
    check("cross_downstream([a, b], [c])", "", "", "a,b");
    check("a.output >> b", "", "a", "");
    check("a >> b\n  a >> b", "", "a", "");
}

#[test]
fn settings() {
    let check = |arguments: &str, expected: &str| {
        declares(
            &format!("with DAG('a'): BashOperator(task_id='t', bash_command='true', {arguments})"),
            format!("dag a\nt bash `true` {expected}").trim_end(),
        );
    };
    check("", "");
    check("trigger_rule='all_done'", "rule=all_done");
    check("trigger_rule=TriggerRule.ONE_FAILED", "rule=one_failed");
    check("retries=0, retry_delay=timedelta(minutes=2)", "retries=0 delay=120");
    check("retry_delay=90, execution_timeout=timedelta(hours=1)", "delay=90 timeout=3600");
    check("env={'A': '1'}, append_env=True", r#"env={"A":"1"}"#);
    check("depends_on_past=False, priority_weight=1, doc_md='x', ui_color='#fff'", "");
    check("email=['a@example.com'], email_on_failure=False, email_on_retry=False", "");
    declares(
        "with DAG('a', default_args={'retries': 2, 'retry_delay': timedelta(seconds=5), 'depends_on_past': False}):\n  \
         BashOperator(task_id='t', bash_command='true')\n  BashOperator(task_id='u', bash_command='true', retries=0)",
        "dag a\nt bash `true` retries=2 delay=5\nu bash `true` retries=0 delay=5",
    );
}

#[test]
fn python_operators() {
    let f = "def f(x, y=1): ...\ndef g(): ...\n";
    let check = |arguments: &str, expected: &str| {
        declares(
            &format!("{f}with DAG('a'): PythonOperator(task_id='t', {arguments})"),
            &format!("dag a\nt python {expected}"),
        );
    };
    check("python_callable=g", "`dag:g`");
    check("python_callable=f, op_args=[1], op_kwargs={'y': 'z'}", r#"`dag:f` args={"x":1,"y":"z"}"#);
    check("python_callable=g, on_failure_callback=f", "`dag:g` callback=true");
    check("python_callable=g, on_failure_callback=[f]", "`dag:g` callback=true");
    declares(
        "def f(x): ...\nwith DAG('a'):\n  b = BashOperator(task_id='b', bash_command='true')\n  \
         PythonOperator(task_id='t', python_callable=f, op_kwargs={'x': b.output})",
        "dag a\nb bash `true`\nt python `dag:f` after=b xcom={\"x\":[\"b\"]}",
    );
}

#[test]
fn provider_operators() {
    declares(
        "with DAG('a'): PostgresOperator(task_id='q', sql='select 1', parameters={'n': [1, None]}, retries=1)",
        r#"dag a
           q airflow_operator `airflow.providers.postgres.operators.postgres.PostgresOperator` retries=1 operator={"parameters":{"n":[1,null]},"sql":"select 1"}"#,
    );
    declares(
        "from airflow.providers.google.cloud.operators import bigquery\n\
         with DAG('a'): bigquery.BranchingNameOperator(task_id='q')",
        "dag a\nq airflow_operator `airflow.providers.google.cloud.operators.bigquery.BranchingNameOperator`",
    );
    declares(
        "import airflow.providers.http.operators.http as h\nwith DAG('a') as d: pass\n\
         h.HttpOperator(task_id='q', dag=d, on_failure_callback=print)",
        "dag a\nq airflow_operator `airflow.providers.http.operators.http.HttpOperator` callback=true",
    );
}

#[test]
fn results_reach_operators() {
    let t = "@task\ndef t(): ...\n";
    declares(
        &format!("{t}with DAG('a'): PostgresOperator(task_id='q', sql=t())"),
        r#"dag a
           t python `dag:t`
           q airflow_operator `airflow.providers.postgres.operators.postgres.PostgresOperator` after=t xcom={"sql":["t"]}"#,
    );
    declares(
        &format!("{t}with DAG('a'): BashOperator(task_id='b', bash_command=f'echo {{t()}}')"),
        "dag a
         t python `dag:t`
         b bash `echo {{ task_instance.xcom_pull(task_ids='t', dag_id='a', key='return_value') }}`",
    );
}

#[test]
fn classic_style() {
    declares(
        "d = DAG('a', schedule='@daily')\n\
         t = BashOperator(task_id='t', bash_command='true', dag=d)\n\
         u = BashOperator(task_id='u', bash_command='true', dag=d)\nt.set_downstream(u)",
        "dag a schedule=@daily\nt bash `true`\nu bash `true` after=t",
    );
    declares(
        "t = BashOperator(task_id='t', bash_command='true')\n\
         with DAG('a'):\n  t >> BashOperator(task_id='u', bash_command='true')",
        "dag a\nu bash `true` after=t\nt bash `true`",
    );
    declares(
        "from airflow import DAG\nfrom airflow.decorators import dag, task\nfrom airflow.models import Param\n\
         from airflow.models.param import Param\nfrom airflow.utils.trigger_rule import TriggerRule\n\
         from airflow.utils.task_group import TaskGroup\nfrom airflow.models.baseoperator import chain\n\
         from airflow.providers.standard.operators.empty import EmptyOperator\nwith DAG('a'): pass",
        "dag a",
    );
}

#[test]
fn groups_prefix_their_tasks() {
    declares(
        "with DAG('a'):\n  s = BashOperator(task_id='s', bash_command='true')\n  with TaskGroup('g') as g:\n    \
         x = BashOperator(task_id='x', bash_command='true')\n    y = BashOperator(task_id='y', bash_command='true')\n    \
         x >> y\n  e = BashOperator(task_id='e', bash_command='true')\n  s >> g >> e",
        "dag a\ns bash `true`\ng.x bash `true` after=s\ng.y bash `true` after=g.x\ne bash `true` after=g.y",
    );
    declares(
        "@task\ndef t(x=None): ...\n@task_group\ndef g(x):\n  return t(x)\nwith DAG('a'): t(g(t()))",
        r#"dag a
           t python `dag:t`
           g.t python `dag:t` after=t xcom={"x":["t"]}
           t__1 python `dag:t` after=g.t xcom={"x":["g.t"]}"#,
    );
    declares(
        "with DAG('a'):\n  with TaskGroup('g', prefix_group_id=False, default_args={'retries': 1}):\n    \
         with TaskGroup('h'): BashOperator(task_id='x', bash_command='true')",
        "dag a\nh.x bash `true` retries=1",
    );
}
