//! leoflow.yaml and dag.py in, dag.json or an error out: contract sections 1 to 3, a line a rule.

use std::os::unix::fs::PermissionsExt;

use leoflow::dag::{CompileError, Compiled, Versioning, compile};
use serde_json::Value;

use super::{interpreter, project};
use crate::support::Home;

/// One task that does nothing; the rest is what a case is about.
const DAG: &str = "
from datetime import datetime, timedelta
from airflow.sdk import DAG, Param, task
from airflow.providers.standard.operators.bash import BashOperator
with DAG('etl'DAG_ARGUMENTS):
    BashOperator(task_id='load', bash_command='true'TASK_ARGUMENTS)
";

/// A case: lines of leoflow.yaml, arguments of DAG(), arguments of its one task, what comes of it.
type Case = (&'static str, &'static str, &'static str, &'static str);

/// Gathers what is wrong, so that a change shows all of it.
#[track_caller]
fn check_all(cases: &[Case]) {
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong((yaml, dag, task, expected): &Case) -> Option<String> {
    let source = DAG.replace("DAG_ARGUMENTS", &argument(dag)).replace("TASK_ARGUMENTS", &argument(task));
    let found = outcome(yaml, &source);
    let holds = match found.as_ref() {
        Ok(json) => expected.split("; ").all(|claim| holds(json, claim)),
        Err(said) => said.contains(expected),
    };
    let found = found.map_or_else(|said| said, |json| json.to_string());
    (!holds).then(|| format!("--- {yaml} | {dag} | {task}\n    expected {expected}\n    found    {found}"))
}

fn argument(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", {text}") }
}

/// `/tasks/0/retries = 3`, or `/owner absent`.
fn holds(json: &Value, claim: &str) -> bool {
    match claim.split_once(" = ") {
        Some((pointer, value)) => {
            let value: Value = serde_json::from_str(value).unwrap_or_else(|_| panic!("{claim} is no claim"));
            json.pointer(pointer) == Some(&value)
        }
        None => claim.strip_suffix(" absent").is_some_and(|pointer| json.pointer(pointer).is_none()),
    }
}

/// dag.json, or code and message of the first fault.
fn outcome(yaml: &str, source: &str) -> Result<Value, String> {
    match compiled(yaml, source) {
        Ok(compiled) => Ok(serde_json::from_slice(&compiled.spec.to_json()).expect("JSON")),
        Err(said) => Err(said),
    }
}

fn compiled(yaml: &str, source: &str) -> Result<Compiled, String> {
    let yaml = format!("dag_id: etl\n{yaml}\n");
    let root = project(&[("leoflow.yaml", &yaml), ("dag.py", source)]);
    let project = leoflow::project::load(root.path()).map_err(|error| error.to_string())?;
    let versioning = Versioning { dag_version: "1".to_owned(), image: "ghcr.io/org/etl:1".to_owned() };
    compile(&project, &interpreter(), &versioning).map_err(|error| match error {
        CompileError::Invalid { faults } => format!("{} {}", faults[0].code.number(), faults[0].message),
        CompileError::Python(error) => format!("{} {error}", error.code().number()),
        other => other.to_string(),
    })
}

#[rustfmt::skip]
#[test]
fn settings_come_from_the_nearest_place() {
    let dag = "default_args={'retries': 2, 'retry_delay': timedelta(seconds=20), 'execution_timeout': timedelta(seconds=200)}";
    let defaults = "defaults: {retries: 1, retry_delay_seconds: 10, execution_timeout_seconds: 100}";
    let tasks = "tasks: {load: {retries: 4, retry_delay_seconds: 40, execution_timeout_seconds: 400}}";
    let all = "defaults: {retries: 1}\ntasks: {load: {retries: 4}}";
    let task = "retries=3, retry_delay=30, execution_timeout=timedelta(minutes=5)";
    check_all(&[
        ("", "", "", "/tasks/0/retries absent; /tasks/0/retry_delay_seconds absent; /tasks/0/execution_timeout_seconds absent"),
        (defaults, "", "", "/default_args = {\"retries\": 1, \"retry_delay_seconds\": 10, \"execution_timeout_seconds\": 100}"),
        (defaults, dag, "", "/tasks/0/retries = 2; /tasks/0/retry_delay_seconds = 20; /tasks/0/execution_timeout_seconds = 200"),
        (defaults, dag, task, "/tasks/0/retries = 3; /tasks/0/retry_delay_seconds = 30; /tasks/0/execution_timeout_seconds = 300"),
        (tasks, dag, task, "/tasks/0/retries = 4; /tasks/0/retry_delay_seconds = 40; /tasks/0/execution_timeout_seconds = 400"),
        (all, dag, task, "/tasks/0/retries = 4; /default_args/retries = 1"),
        ("", dag, "retries=0", "/tasks/0/retries = 0"),
        ("tasks: {load: {retries: 0}}", dag, task, "/tasks/0/retries = 0"),
        ("tasks: {load: {env: {A: yaml}}}", "", "env={'A': 'dag', 'B': 'dag'}", "/tasks/0/env = {\"A\": \"yaml\", \"B\": \"dag\"}"),
        ("tasks: {laod: {retries: 1}}", "", "", "E022 "),
        ("description: from yaml", "description='from dag.py'", "", "/description = \"from yaml\""),
        ("", "description='from dag.py'", "", "/description = \"from dag.py\""),
        ("owner: yaml", "default_args={'owner': 'dag.py'}", "", "/owner = \"yaml\""),
        ("", "default_args={'owner': 'dag.py'}", "", "/owner = \"dag.py\""),
        ("tags: [b, a]", "tags=['c']", "", "/tags = [\"b\", \"a\"]"),
        ("", "tags=['b', 'a']", "", "/tags = [\"a\", \"b\"]"),
    ]);
}

#[rustfmt::skip]
#[test]
fn params_satisfy_their_schema() {
    let p = |rest: &'static str| -> &'static str { Box::leak(format!("params={{'p': {rest}}}").into_boxed_str()) };
    check_all(&[
        ("", p("3"), "", "/params/p = {\"default\": 3, \"schema\": {}}"),
        ("", p("None"), "", "/params/p/default = null"),
        ("", p("Param(type='string')"), "", "/params/p/default absent; /params/p/schema = {\"type\": \"string\"}"),
        ("", p("Param('x', type='string', minLength=1)"), "", "/params/p/default = \"x\""),
        ("", p("Param(5, type=['null', 'integer'], maximum=5)"), "", "/params/p/default = 5"),
        ("", p("Param('b', enum=['a', 'b'])"), "", "/params/p/default = \"b\""),
        ("", p("Param([1], type='array', items={'type': 'integer'})"), "", "/params/p/default = [1]"),
        ("", p("Param(1, values_display={1: 'one'})"), "", "/params/p/schema/values_display = {\"1\": \"one\"}"),
        ("", p("Param('x', description='why')"), "", "/params/p/schema = {\"description\": \"why\"}"),
        ("", p("Param('x', type='integer')"), "", "E047 "),
        ("", p("Param(None, type='integer')"), "", "E047 "),
        ("", p("Param(11, type='integer', maximum=10)"), "", "E047 "),
        ("", p("Param('c', enum=['a', 'b'])"), "", "E047 "),
        ("", p("Param('', type='string', minLength=1)"), "", "E047 "),
        ("", p("Param('x', pattern='^[0-9]+$')"), "", "E047 "),
        ("", p("Param(['x'], type='array', items={'type': 'integer'})"), "", "E047 "),
        ("", p("{1, 2}"), "", "E064 "),
        ("", "params={3: 'x'}", "", "E047 "),
    ]);
}

#[rustfmt::skip]
#[test]
fn what_the_control_plane_delivers_is_named() {
    check_all(&[
        ("", "", "", "/connections absent; /variables absent; /alerts absent; /staging absent"),
        ("connections: [warehouse, api]", "", "", "/connections = [\"warehouse\", \"api\"]"),
        ("variables: [region]", "", "", "/variables = [\"region\"]"),
        ("connections: []\nvariables: []", "", "", "/connections absent; /variables absent"),
        ("tasks: {load: {connections: [w], variables: [v]}}", "", "", "/tasks/0/connections = [\"w\"]; /tasks/0/variables = [\"v\"]"),
        ("alerts: {on_failure: [{type: slack, conn: s, message: m}]}", "", "", "/alerts/on_failure/0 = {\"type\": \"slack\", \"conn\": \"s\", \"message\": \"m\"}"),
        ("alerts: {on_failure: [{type: webhook, conn: w}]}", "", "", "/alerts/on_failure/0/type = \"webhook\""),
        ("alerts: {on_failure: []}", "", "", "/alerts absent"),
        ("alerts: {on_failure: [{type: mail, conn: w}]}", "", "", "leoflow.yaml"),
        ("staging: {enabled: true, size: 2Gi, storage_class: fast}", "", "", "/staging = {\"enabled\": true, \"size\": \"2Gi\", \"storage_class\": \"fast\"}"),
        ("staging: {enabled: false}", "", "", "/staging absent"),
        ("staging: {enabled: true, size: 2GB}", "", "", "leoflow.yaml"),
    ]);
}

#[rustfmt::skip]
#[test]
fn resources_of_tasks_that_set_none_are_the_defaults() {
    let defaults = "defaults: {resources: {cpu: 500m, memory: 1Gi}, node_selector: {disk: ssd}}";
    let of_task = "defaults: {resources: {cpu: 500m, memory: 1Gi}}\ntasks: {load: {resources: {limits: {cpu: '2'}}}}";
    let node = "defaults: {node_selector: {disk: ssd}}\ntasks: {load: {execution: {node_selector: {disk: hdd}}}}";
    check_all(&[
        ("", "", "", "/tasks/0/resources absent; /tasks/0/execution absent"),
        (defaults, "", "", "/tasks/0/resources/requests = {\"cpu\": \"500m\", \"memory\": \"1Gi\"}; /tasks/0/execution/node_selector = {\"disk\": \"ssd\"}"),
        (of_task, "", "", "/tasks/0/resources/limits = {\"cpu\": \"2\"}; /tasks/0/resources/requests/memory = \"1Gi\""),
        (node, "", "", "/tasks/0/execution/node_selector = {\"disk\": \"hdd\"}"),
        ("tasks: {load: {resources: {requests: {memory: 512Mi, cpu: '0.5', ephemeral_storage: 1G}}}}", "", "", "/tasks/0/resources/requests/memory = \"512Mi\""),
        ("tasks: {load: {resources: {requests: {memory: 2GB}}}}", "", "", "leoflow.yaml"),
        ("tasks: {load: {resources: {requests: {memory: -1Gi}}}}", "", "", "leoflow.yaml"),
        ("tasks: {load: {resources: {requests: {cpu: fast}}}}", "", "", "leoflow.yaml"),
    ]);
}

#[rustfmt::skip]
#[test]
fn schedules_are_cron_or_presets() {
    let s = |text: &'static str| -> &'static str { Box::leak(format!("schedule={text}").into_boxed_str()) };
    let valid = ["* * * * *", "0 6 * * *", "*/15 8-18 * * 1-5", "0 0 1,15 * *", "0 0 1 jan-mar sun", "@daily", "@hourly", "@weekly",
        "@monthly", "@yearly", "@annually", "@midnight", "@once", "@continuous"];
    for text in valid {
        let found = outcome("", &DAG.replace("DAG_ARGUMENTS", &format!(", schedule='{text}'")).replace("TASK_ARGUMENTS", ""));
        assert_eq!(found.expect(text)["schedule"], text);
    }
    check_all(&[
        ("", s("None"), "", "/schedule absent"),
        ("", "", "", "/schedule absent; /catchup absent; /start_date absent"),
        ("", s("'60 * * * *'"), "", "E045 "),
        ("", s("'* 24 * * *'"), "", "E045 "),
        ("", s("'* * 0 * *'"), "", "E045 "),
        ("", s("'* * * 13 *'"), "", "E045 "),
        ("", s("'* * * * 8'"), "", "E045 "),
        ("", s("'*/0 * * * *'"), "", "E045 "),
        ("", s("'5-1 * * * *'"), "", "E045 "),
        ("", s("'* * * *'"), "", "E045 "),
        ("", s("'* * * * * *'"), "", "E045 "),
        ("", s("'@dayly'"), "", "E045 "),
        ("", s("'every day'"), "", "E045 "),
        ("", s("''"), "", "E045 "),
        ("", s("timedelta(days=1)"), "", "E046 "),
        ("schedule: '@daily'", "", "", "leoflow.yaml"),
    ]);
}

#[test]
fn a_cycle_is_drawn_as_a_path() {
    let check = |edges: &str, expected: &str| {
        let source = format!(
            "{}    a, b, c = [BashOperator(task_id=i, bash_command='true') for i in 'abc']\n    {edges}\n",
            head()
        );
        assert_eq!(outcome("", &source).expect_err(edges), expected);
    };
    check("a >> b >> a", "E059 tasks wait for each other: a -> b -> a");
    check("a >> b >> c >> a", "E059 tasks wait for each other: a -> b -> c -> a");
    check("a >> a", "E059 tasks wait for each other: a -> a");
}

fn head() -> String {
    let head = DAG.split("    BashOperator(").next().expect("a head").replace("DAG_ARGUMENTS", "");
    format!("{head}    BashOperator(task_id='load', bash_command='true')\n")
}

#[test]
fn fields_have_an_order_and_empty_ones_are_left_out() {
    let source = DAG
        .replace("DAG_ARGUMENTS", ", schedule='@daily', start_date=datetime(2025, 1, 1), catchup=True, params={'p': 1}, tags=['x'], max_active_runs=1")
        .replace("TASK_ARGUMENTS", ", retries=1, pool='p', trigger_rule='all_done', env={'A': '1'}");
    let compiled = compiled("owner: me\nvariables: [v]\nconnections: [c]\n", &source).expect("it compiles");
    let text = String::from_utf8(compiled.spec.to_json()).expect("UTF-8");
    let keys = |indent: &str| -> Vec<String> {
        let own = text.lines().filter_map(|line| line.strip_prefix(indent)?.strip_prefix('"'));
        own.filter_map(|line| line.split_once('"')).map(|(key, _)| key.to_owned()).collect()
    };
    let of_dag = "schema_version dag_id dag_version image owner tags schedule start_date max_active_runs catchup variables connections \
                  params tasks source";
    assert_eq!(keys("  ").join(" "), of_dag);
    assert_eq!(
        keys("      ").join(" ").replace("default schema ", ""),
        "task_id type trigger_rule pool retries entrypoint env"
    );
    assert!(text.starts_with("{\n  \"schema_version\": \"1.0\",\n") && text.ends_with("}\n"));
}

#[test]
fn dag_json_is_its_owners_to_read() {
    let home = Home::new();
    home.write("project/leoflow.yaml", "dag_id: etl\npython_version: \"3.10\"\n");
    home.write("project/dag.py", &head());
    home.run(&["compile", "project", "-o", "dag.json"]).exits(0).says(&["W001"]);
    let mode = std::fs::metadata(home.path().join("dag.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_depends_on_the_clock_or_on_chance_is_told() {
    let check = |line: &str, arguments: &str, task_id: &str, expected: Option<&str>| {
        let imports = "import os, random, time, uuid, pendulum\nfrom datetime import date, datetime\nfrom airflow.sdk import DAG, EmptyOperator";
        let source = format!("{imports}\n{line}\nwith DAG('etl'{arguments}):\n    EmptyOperator(task_id={task_id})\n");
        let compiled = compiled("", &source).unwrap_or_else(|said| panic!("{source}\n{said}"));
        let told: Vec<_> = compiled
            .warnings
            .iter()
            .map(|fault| {
                let line = fault.span.as_ref().map_or(0, |span| span.position().0);
                format!("{} line {line}: {}", fault.code.number(), fault.message)
            })
            .collect();
        let says = told.first().map(|told| expected.is_some_and(|expected| told.starts_with(expected)));
        assert_eq!(says, expected.map(|_| true), "{source}\n{told:?}");
        assert!(told.len() <= 1, "{told:?}");
    };
    check(
        "x = datetime.now()",
        ", start_date=x",
        "'t'",
        Some("W003 line 4: `start_date` depends on the clock in line 4"),
    );
    check("", ", start_date=pendulum.now()", "'t'", Some("W003 line 5: `start_date` depends on the clock in line 5"));
    check(
        "",
        ", start_date=pendulum.today('UTC').add(days=-1)",
        "'t'",
        Some("W003 line 5: `start_date` depends on the clock in line 5"),
    );
    check(
        "",
        ", description=str(date.today())",
        "'t'",
        Some("W003 line 5: `description` depends on the clock in line 5"),
    );
    check("", ", tags=[str(time.time())]", "'t'", Some("W003 line 5: `tags` depends on the clock in line 5"));
    check("", "", "f't_{uuid.uuid4().hex[:6]}'", Some("W003 line 6: the task `t_"));
    check("", "", "f't_{random.randint(1, 10**9)}'", Some("W003 line 6: the task `t_"));
    check("", "", "f't_{os.getpid()}'", Some("W003 line 6: the task `t_1` depends on the process id in line 6"));
    check("", "", "f't_{id(DAG)}'", Some("W003 line 6: the task `t_"));
    check("random.seed(7)", "", "f't_{random.randint(1, 9)}'", None);
    check("began = time.monotonic()", "", "'t'", None);
    check("print(datetime.now(), uuid.uuid4(), id(DAG))", "", "'t'", None);
    check("", ", params={'x': 1}", "'t'", None);
}

#[test]
fn what_is_refused_in_another_dag_does_not_matter() {
    let check = |others: &str, expected: Result<(), &str>| {
        let imports = "from datetime import timedelta\nfrom airflow.sdk import *\nfrom airflow.sdk import EmptyOperator, BaseSensorOperator";
        let source = format!("{imports}\n{others}\nwith DAG('etl'):\n    EmptyOperator(task_id='load')\n");
        match (outcome("", &source), expected) {
            (Ok(json), Ok(())) => assert_eq!(json.pointer("/tasks/0/task_id"), Some(&Value::from("load")), "{source}"),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{source}\n{said}"),
            (found, _) => panic!("{source}\n{found:?}"),
        }
    };
    check("with DAG('b', schedule=timedelta(days=1)): pass", Ok(()));
    check("with DAG('b', schedule=[Asset('x')]): pass", Ok(()));
    check("with DAG('b'):\n    EmptyOperator(task_id='t', depends_on_past=True)", Ok(()));
    check(
        "b = DAG('b')\nx = EmptyOperator(task_id='t', queue='q', dag=b)\nx >> EmptyOperator(task_id='u', dag=b)",
        Ok(()),
    );
    check("@task.branch\ndef choose(): ...\nwith DAG('b'): choose()", Ok(()));
    check("@dag\ndef b():\n    @task\n    def t(x): ...\n    t.expand(x=[1])\nb()", Ok(()));
    check("@asset(schedule='@daily')\ndef b(): ...", Ok(()));
    check(
        "class Wait(BaseSensorOperator):\n    def poke(self, context): ...\nwith DAG('b'): Wait(task_id='w')",
        Ok(()),
    );
    check("with DAG('b'): pass\nwith DAG('b'): pass", Ok(()));
    check(
        "with DAG('etl2'):\n    EmptyOperator(task_id='t', queue='q')\n    x = 1\nprint(x)",
        Err("E054 `queue` of task `t`"),
    );
    check("with DAG('b'): undefined", Err("E032 NameError"));
    check("with DAG('etl', schedule=timedelta(days=1)): pass", Err("E046 "));
}
