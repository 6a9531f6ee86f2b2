//! What later steps and jobs are told: the plain facts of a result, and how the command ended.

use serde_json::{Map, Value};

use crate::cli::exit::Exit;

/// Returns the texts, numbers and truth values of a result about a DAG, or about several; of other results nothing: a
/// `leoflow version` must not overwrite the version that was deployed before it.
pub(super) fn of_result(json: &Value) -> Vec<(String, String)> {
    let Some(object) = json.as_object().filter(|object| is_about_dags(object)) else { return Vec::new() };
    let plain = object.iter().filter(|(name, _)| *name != "schema");
    let mut outputs: Vec<_> = plain.filter_map(|(name, value)| Some((name.clone(), in_words(value)?))).collect();
    if let Some(results) = object.get("results").and_then(Value::as_array) {
        outputs.push(("images".to_owned(), Value::Object(images(results)).to_string()));
    }
    outputs
}

/// Returns how the command ended, as [exit codes](../../../docs/exit-codes.md) have it.
pub(super) fn of_exit(exit: Exit) -> Vec<(String, String)> {
    vec![("exit_code".to_owned(), (exit as u8).to_string()), ("kind".to_owned(), exit.kind().to_owned())]
}

fn is_about_dags(object: &Map<String, Value>) -> bool {
    object.contains_key("dag_id") || object.contains_key("results")
}

fn in_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the image of each DAG that has one.
fn images(results: &[Value]) -> Map<String, Value> {
    let image = |result: &Value| Some((result["dag_id"].as_str()?.to_owned(), result["image"].as_str()?.into()));
    results.iter().filter_map(image).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_steps_get_the_plain_facts_of_what_is_about_dags() {
        let one =
            json!({"schema": "leoflow.deploy/v1", "dag_id": "etl", "created": true, "size": 3, "run": null, "x": []});
        let expected = [("created", "true"), ("dag_id", "etl"), ("size", "3")];
        assert_eq!(of_result(&one), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(of_result(&json!({"schema": "leoflow.version/v1", "version": "0.1.0"})), []);
    }

    #[test]
    fn of_several_dags_the_images_are_told_by_name() {
        let all = json!({"failed": 1, "results": [{"dag_id": "a", "image": "r/a@sha256:1"}, {"dag_id": "b"}]});
        let images = of_result(&all).pop().unwrap();
        assert_eq!(images, ("images".to_owned(), r#"{"a":"r/a@sha256:1"}"#.to_owned()));
    }
}
