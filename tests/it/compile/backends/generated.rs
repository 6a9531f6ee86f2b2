//! DAGs that nobody wrote: whatever the stand-in offers, put together at random, means the same to both backends.

use std::cell::Cell;
use std::fmt::Write;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Number, Value};

use super::same;
use crate::compile::project;

const HEAD: &str = "\
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, Param, TaskGroup, chain, cross_downstream, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator


@task
def one(value=None, other=None):
    pass


@task(retries=2)
def many(values, *, note=\"\"):
    pass


";

const CASES: u32 = 48;

/// A task: how it is made, with what, in which group, and which tasks come before it.
#[derive(Debug, Clone)]
struct Made {
    kind: &'static str,
    values: Vec<Value>,
    settings: Vec<&'static str>,
    group: Option<&'static str>,
    before: Vec<Index>,
    edge: &'static str,
}

#[derive(Debug, Clone)]
struct Declared {
    arguments: Vec<&'static str>,
    params: Vec<Value>,
    tasks: Vec<Made>,
}

fn literal() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |float| Number::from_f64(float).map(Value::Number)),
        select(vec!["1e16", "1e-5", "123456789012345678901234567890", "0.1", "-0.0", "1e22", "5e-324"])
            .prop_map(|text| serde_json::from_str(text).expect("a number")),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        "\\PC{0,12}".prop_map(Value::from),
        select(vec!["", "{{ ds }}", "a\nb\t\"'\\", "\u{0}\u{7f}\u{85}\u{2028}", "ñ😀"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_ é]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn made() -> impl Strategy<Value = Made> {
    let settings = select(vec![
        "retries=3",
        "retry_delay=timedelta(minutes=5)",
        "execution_timeout=timedelta(hours=2, seconds=1)",
        "pool=\"small\"",
        "trigger_rule=\"all_done\"",
        "doc_md=\"text\"",
        "owner=\"someone\"",
    ]);
    (
        select(vec!["one", "many", "bash", "empty", "postgres"]),
        proptest::collection::vec(literal(), 1..3),
        proptest::sample::subsequence(
            vec!["retries=3", "retry_delay=timedelta(minutes=5)", "pool=\"small\"", "trigger_rule=\"all_done\""],
            0..4,
        ),
        settings,
        proptest::option::of(select(vec!["extract", "load"])),
        proptest::collection::vec(any::<Index>(), 0..4),
        select(vec![">>", "<<", "chain", "cross", "set_upstream", "list"]),
    )
        .prop_map(|(kind, values, mut settings, more, group, before, edge)| {
            let name = |setting: &str| setting.split('=').next().map(str::to_owned);
            if settings.iter().all(|setting| name(setting) != name(more)) {
                settings.push(more);
            }
            Made { kind, values, settings, group, before, edge }
        })
}

fn declared() -> impl Strategy<Value = Declared> {
    let arguments = vec![
        "schedule=\"*/5 2 * * 1\"",
        "start_date=datetime(2025, 1, 31, 6, tzinfo=timezone.utc)",
        "end_date=datetime(2027, 2, 1, 0, 0, 1, 5)",
        "catchup=True",
        "description=\"what it is for\"",
        "tags=[\"b\", \"a\"]",
        "max_active_runs=2",
        "max_active_tasks=7",
        "default_args={\"owner\": \"us\", \"retries\": 1, \"retry_delay\": timedelta(seconds=90)}",
    ];
    (
        proptest::sample::subsequence(arguments, 0..9),
        proptest::collection::vec(literal(), 0..3),
        proptest::collection::vec(made(), 1..12),
    )
        .prop_map(|(arguments, params, tasks)| Declared { arguments, params, tasks })
}

/// A value as Python writes it: JSON but for three names, once every string is ASCII.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let items = map.iter().map(|(key, value)| format!("{}: {}", quoted(key), python(value)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    format!("\"{escaped}\"")
}

fn source(declared: &Declared) -> String {
    let params = declared.params.iter().enumerate().map(|(n, value)| format!("\"p{n}\": Param({})", python(value)));
    let params = params.collect::<Vec<_>>().join(", ");
    let mut text = format!("{HEAD}with DAG(\"generated\", params={{{params}}}, {}):\n", declared.arguments.join(", "));
    for group in ["extract", "load"] {
        let _ = writeln!(text, "    {group} = TaskGroup(\"{group}\")");
    }
    for (n, task) in declared.tasks.iter().enumerate() {
        let inside = task.group.map_or_else(String::new, |group| format!("with {group}: "));
        let _ = writeln!(text, "    {inside}t{n} = {}", call(n, task));
        text += &edges(n, task);
    }
    text
}

fn call(n: usize, task: &Made) -> String {
    let settings: String = task.settings.iter().map(|setting| format!(", {setting}")).collect();
    let value = python(&task.values[0]);
    // Every second task takes the result of the one before it, when that has one.
    let result = (n % 2 == 1).then(|| format!("t{}.output if hasattr(t{0}, 'output') else t{0}", n - 1));
    match task.kind {
        "one" => match result {
            Some(result) => format!("one.override(task_id=\"t{n}\"{settings})({result}, other={value})"),
            None => format!("one.override(task_id=\"t{n}\"{settings})({value})"),
        },
        "many" => format!("many.override(task_id=\"t{n}\"{settings})({value}, note={})", quoted(&value)),
        "bash" => format!(
            "BashOperator(task_id=\"t{n}\", bash_command={}, env={{\"A\": {}}}{settings})",
            quoted(&format!("echo {value}")),
            quoted(&value)
        ),
        "empty" => format!("EmptyOperator(task_id=\"t{n}\"{settings})"),
        _ => format!("PostgresOperator(task_id=\"t{n}\", sql=\"select 1\", parameters={value}{settings})"),
    }
}

fn edges(n: usize, task: &Made) -> String {
    if n == 0 || task.before.is_empty() {
        return String::new();
    }
    let before: Vec<String> = task.before.iter().map(|index| format!("t{}", index.index(n))).collect();
    let list = format!("[{}]", before.join(", "));
    let first = &before[0];
    let line = match task.edge {
        ">>" => format!("{list} >> t{n}"),
        "<<" => format!("t{n} << {list}"),
        "chain" => format!("chain({first}, {list}, t{n})").replace(&format!("{first}, {list}"), &list),
        "cross" => format!("cross_downstream({list}, [t{n}])"),
        "set_upstream" => format!("t{n}.set_upstream({list})"),
        _ => format!("{first} >> [t{n}]"),
    };
    format!("    {line}\n")
}

#[test]
fn generated_dags_are_the_same() {
    let compiled = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let config = "schema_version: \"1.0\"\ndag_id: generated\nconnectors: [postgres]\n";
    let checked = runner.run(&declared(), |declared| {
        let text = source(&declared);
        let directory = project(&[("dag.py", &text), ("leoflow.yaml", config)]);
        compiled.set(compiled.get() + u32::from(same(directory.path())));
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
    // What is refused shows little.
    assert!(compiled.get() >= CASES / 2, "{} of {CASES} compiled", compiled.get());
}
