use proptest::prelude::*;
use serde_json::json;

use super::faults::MOST_FAULTS;
use super::*;
use crate::dag::cron;

const SOUND: &str = include_str!("../../../testdata/dags/every_field.json");

/// Puts a value at a pointer (null takes what is there away) and returns the document.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut dag: Value = serde_json::from_str(SOUND).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = dag.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
    match parent {
        Value::Object(fields) if value.is_null() => drop(fields.remove(key)),
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    serde_json::to_vec(&dag).unwrap()
}

fn sound(pointer: &str, value: Value) {
    let json = with(pointer, value);
    assert!(validate_json(&json).is_ok(), "{pointer}: {:?}", validate_json(&json));
}

fn refused(pointer: &str, value: Value, field: &str, reason: &str) {
    let faults = validate_json(&with(pointer, value)).expect_err(pointer);
    let hit = |fault: &SpecError| matches!(fault, SpecError::Field { field: at, reason: why } if at == field && why.contains(reason));
    assert!(faults.iter().any(hit), "{pointer}: {faults:?}");
    assert!(faults.iter().all(|fault| fault.help().is_some()));
}

#[test]
fn what_the_contract_allows_is_taken() {
    sound("/source", Value::Null);
    sound("/schedule", json!("@once"));
    sound("/tags", json!([]));
    sound("/catchup", json!(false));
    sound("/start_date", json!("2024-01-31"));
    sound("/start_date", json!("2024-01-31T06:00:00.123456+05:30"));
    sound("/start_date", json!("2024-01-31T06:00:00Z"));
    sound("/image", json!("etl"));
    sound("/tasks/0/trigger_rule", json!("all_success"));
    sound("/tasks/0/xcom_input", json!({"rows": ["shell", "query"]}));
    sound("/tasks/0/xcom_schema", json!({"type": "object"}));
    sound("/tasks/0/execution_mode", json!("pod"));
    sound("/tasks/1/retries", json!(0));
    sound("/tasks/1/env", json!({"ODD key.": ""}));
    sound("/tasks/1/execution/affinity", json!({"anything": [1]}));
    sound("/params/n", json!({"schema": {}}));
}

#[test]
fn fields_are_closed_and_required() {
    for field in ["schema_version", "dag_id", "dag_version", "image", "tasks"] {
        refused(&format!("/{field}"), Value::Null, field, "is missing");
    }
    refused("/tasks/0/task_id", Value::Null, "tasks[0].task_id", "is missing");
    refused("/tasks/0/type", Value::Null, "tasks[0].type", "is missing");
    refused("/staging/enabled", Value::Null, "staging.enabled", "is missing");
    refused("/alerts/on_failure/0/type", Value::Null, "alerts.on_failure[0].type", "is missing");
    refused("/scedule", json!("@daily"), "scedule", "did you mean `schedule`?");
    refused("/odd key", json!(1), "[\"odd key\"]", "there is no such field; fields: `schema_version`");
    refused("/tasks/0/retry", json!(1), "tasks[0].retry", "no such field");
    refused("/default_args/owner", json!("x"), "default_args.owner", "no such field");
    refused("/tasks/1/resources/requests/gpu", json!("1"), "tasks[1].resources.requests.gpu", "no such field");
    refused("/tasks/1/execution/host_network", json!(true), "tasks[1].execution.host_network", "no such field");
    refused("/params/n/value", json!(1), "params.n.value", "no such field");
    refused("/alerts/on_success", json!([]), "alerts.on_success", "no such field");
}

#[test]
fn values_have_their_types() {
    refused("/schema_version", json!("2.0"), "schema_version", "\"2.0\" is not one of `1.0`");
    refused("/schema_version", json!(1.0), "schema_version", "a text is expected, not 1.0");
    refused("/dag_id", json!("-etl"), "dag_id", "is no dag_id");
    refused("/dag_id", json!("é"), "dag_id", "is no dag_id");
    refused("/dag_id", json!("x".repeat(201)), "dag_id", "is no dag_id");
    refused("/dag_version", json!(" "), "dag_version", "is blank");
    refused("/image", json!("https://x/y"), "image", "not an image reference");
    refused("/description", json!(["x"]), "description", "a text is expected, not a list");
    refused("/tags", json!("x"), "tags", "a list is expected");
    refused("/tags", json!(["x", 1]), "tags[1]", "a text is expected, not 1");
    refused("/schedule", json!("0 25 * * *"), "schedule", "the hour `25`");
    refused("/start_date", json!("yesterday"), "start_date", "no ISO 8601 date");
    refused("/start_date", json!("2024-13-01"), "start_date", "no ISO 8601 date");
    refused("/start_date", json!("2024-01-01T"), "start_date", "no ISO 8601 date");
    refused("/end_date", json!("2024-01-01Téé:00"), "end_date", "no ISO 8601 date");
    refused("/max_active_runs", json!(-1), "max_active_runs", "a whole number from 0 on is expected, not -1");
    refused("/max_active_runs", json!(1.5), "max_active_runs", "not 1.5");
    refused("/max_active_tasks", json!("1"), "max_active_tasks", "whole number");
    refused("/catchup", json!("true"), "catchup", "true or false is expected");
    refused("/default_args", json!([]), "default_args", "an object is expected, not a list");
    refused("/default_args/execution_timeout_seconds", json!(0), "default_args.execution_timeout_seconds", "from 1 on");
    refused("/staging/size", json!("5GB"), "staging.size", "not a Kubernetes quantity");
    refused("/staging/size", json!(5), "staging.size", "a text with a Kubernetes quantity");
    refused("/alerts/on_failure/0/type", json!("pager"), "alerts.on_failure[0].type", "`slack`, `webhook`");
    refused("/connections", json!([""]), "connections[0]", "is blank");
    refused("/params/n", json!(1), "params.n", "an object is expected, not 1");
    refused("/params/n/schema", json!({"type": "string"}), "params.n", "its default 1 is not of type string");
    refused("/source", json!(1), "source", "a text is expected");
}

#[test]
fn tasks_have_their_rules() {
    refused("/tasks", json!([]), "tasks", "at least one task");
    refused("/tasks", json!({}), "tasks", "a list is expected, not an object");
    refused("/tasks/0", json!("query"), "tasks[0]", "an object is expected, not \"query\"");
    refused("/tasks/0/task_id", json!("a b"), "tasks[0].task_id", "\"a b\" is no task id");
    refused("/tasks/0/task_id", json!("shell"), "tasks[1].task_id", "\"shell\" stands twice");
    refused("/tasks/0/type", json!("docker"), "tasks[0].type", "`python`, `bash`, `airflow_operator`");
    refused("/tasks/0/depends_on", json!(["ghost"]), "tasks[0].depends_on", "\"ghost\" is no task");
    refused("/tasks/0/depends_on", json!(["shell", "shell"]), "tasks[0].depends_on", "stands twice");
    refused("/tasks/1/depends_on", json!(["query"]), "tasks", "query -> shell -> query");
    refused("/tasks/0/trigger_rule", json!("always"), "tasks[0].trigger_rule", "\"always\" is not one of");
    refused("/tasks/0/execution_timeout_seconds", json!(0), "tasks[0].execution_timeout_seconds", "from 1 on");
    refused("/tasks/0/operator_class", Value::Null, "tasks[0].operator_class", "is missing");
    refused("/tasks/0/operator_class", json!("Operator"), "tasks[0].operator_class", "no dotted path");
    refused("/tasks/1/entrypoint", Value::Null, "tasks[1].entrypoint", "is missing");
    refused("/tasks/1/entrypoint", json!("\n"), "tasks[1].entrypoint", "is blank");
    refused("/tasks/1/type", json!("python"), "tasks[1].entrypoint", "`<source stem>:<callable name>`");
    refused("/tasks/1/on_failure_callback", json!(true), "tasks[1].on_failure_callback", "no Python to call");
    refused("/tasks/1/operator_args", json!({}), "tasks[1].operator_args", "belongs to tasks of type");
    refused("/tasks/1/env", json!({"A": 1}), "tasks[1].env.A", "a text is expected, not 1");
    refused("/tasks/0/xcom_input", json!({"rows": "shell"}), "tasks[0].xcom_input.rows", "a list is expected");
    refused("/tasks/0/xcom_input", json!({"rows": []}), "tasks[0].xcom_input.rows", "names no task");
    refused("/tasks/0/xcom_input", json!({"rows": ["ghost"]}), "tasks[0].xcom_input.rows", "is no task");
    refused("/tasks/0/operator_args", json!([]), "tasks[0].operator_args", "an object is expected");
    refused("/tasks/0/operator_args", json!({"x": "y".repeat(102_400)}), "tasks[0].operator_args", "102408 bytes");
    let policy = "tasks[1].execution.image_pull_policy";
    refused("/tasks/1/execution/image_pull_policy", json!("always"), policy, "did you mean `Always`?");
    refused("/tasks/1/resources/requests/cpu", json!("1 core"), "tasks[1].resources.requests.cpu", "quantity");
}

#[test]
fn every_fault_is_told_up_to_a_hundred() {
    let faults = validate_json(br#"{"dag_id": 1, "tasks": [], "x": 0}"#).expect_err("faults");
    assert_eq!(faults.len(), 6, "{faults:?}");
    let many = format!(r#"{{"tags": [{}1]}}"#, "1,".repeat(100_000));
    assert_eq!(validate_json(many.as_bytes()).expect_err("faults").len(), MOST_FAULTS);
}

#[test]
fn what_does_not_parse_says_where() {
    let check = |text: &str, line: usize, reason: &str| {
        let faults = validate_json(text.as_bytes()).expect_err(text);
        let hit = matches!(&faults[..], [SpecError::Malformed { line: at, reason: why, .. }]
            if *at == line && why.contains(reason));
        assert!(hit, "{faults:?}");
    };
    check("", 1, "EOF");
    check("{\n\"dag_id\": }", 2, "expected value");
    check("{\"a\": 1,\n\n\"a\": 2}", 3, "the key \"a\" stands twice");
    check("{} x", 1, "trailing");
    check(&"[".repeat(200), 1, "recursion limit");
    assert!(validate_json(b"\"\xff\"").is_err());
    assert!(
        validate_json(b"[]")
            .is_err_and(|faults| faults[0].to_string() == "`dag.json`: an object is expected, not a list")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = validate_json(&bytes);
    }

    #[test]
    fn no_change_of_a_sound_document_makes_it_panic(at in 0..SOUND.len(), byte in any::<u8>()) {
        let mut bytes = SOUND.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = validate_json(&bytes);
    }

    #[test]
    fn no_schedule_makes_cron_panic(schedule in "[-0-9*/,@#Lé? a-f]{0,20}") {
        if let Err(error) = cron::check(&schedule) {
            prop_assert!(schedule.get(error.range).is_some());
        }
    }
}
