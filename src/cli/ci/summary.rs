//! The summary of a job on GitHub: what a command came to, as a page.

use std::collections::BTreeMap;

use serde_json::Value;

use super::markdown::{code, fenced, inline, table};
use crate::cli::progress::human_bytes;
use crate::cli::report::Failure;
use crate::graph::MERMAID_TEXT;

/// Facts of a result, and what they are called on the page.
const FACTS: &[(&str, &str)] = &[
    ("image", "image"),
    ("digest", "digest"),
    ("version", "version"),
    ("dag_run_id", "run"),
    ("server", "server"),
    ("destination", "written to"),
];

/// DAGs as Mermaid draws them, by dag_id.
type Drawings = BTreeMap<String, String>;

/// Returns the page of a result, in parts that can be left out from the end; of what is not about DAGs, none.
pub(super) fn of_result(command: &str, text: &str, json: &Value, drawings: &Drawings) -> Vec<String> {
    if let Some(results) = json["results"].as_array() {
        return of_several(command, text, results, drawings);
    }
    let Some(dag_id) = json["dag_id"].as_str() else { return Vec::new() };
    let head = heading(command, &outcome(dag_id, json));
    match json["schema"].as_str() {
        Some("leoflow.deploy/v1" | "leoflow.build/v1") => {
            [vec![head, facts(json)], details(dag_id, json, drawings)].concat()
        }
        _ => [vec![head, fenced("", text)], drawing(dag_id, drawings)].concat(),
    }
}

/// Returns the page of a failure.
pub(super) fn of_failure(command: &str, failure: &Failure) -> Vec<String> {
    let (kind, number) = (failure.exit.kind(), failure.exit as u8);
    let head = heading(command, &format!("failed: {} (exit code {number})", inline(kind)));
    let errors =
        failure.reports.iter().map(|report| fenced("", &report.render(annotate_snippets::Level::ERROR, false)));
    [head].into_iter().chain(errors).collect()
}

fn heading(command: &str, outcome: &str) -> String {
    format!("## leoflow {}: {outcome}\n\n", inline(command))
}

fn outcome(dag_id: &str, json: &Value) -> String {
    let same = if json["already_live"] == true { " (unchanged)" } else { "" };
    format!("{}{same}", code(dag_id))
}

/// Every DAG has a line, then each that failed its errors, and each that did not its details, folded away.
fn of_several(command: &str, text: &str, results: &[Value], drawings: &Drawings) -> Vec<String> {
    let failed = results.iter().filter(|result| is_failure(result));
    let first = text.lines().next().unwrap_or_default();
    let lines = results.iter().map(|result| vec![code(name(result)), code(version(result)), in_a_line(result)]);
    let table = table(&["DAG", "version", "outcome"], lines) + "\n";
    let errors = failed.map(|result| format!("### {}\n\n{}", code(name(result)), fenced("", &messages(result))));
    let others = results.iter().filter(|result| !is_failure(result));
    let details = others.filter_map(|result| folded(name(result), &details(name(result), result, drawings).concat()));
    [heading(command, &inline(first)), table].into_iter().chain(errors).chain(details).collect()
}

fn is_failure(result: &Value) -> bool {
    result["schema"] == "leoflow.error/v1"
}

/// A project that cannot be read has a directory for a name.
fn name(result: &Value) -> &str {
    result["dag_id"].as_str().or_else(|| result["name"].as_str()).unwrap_or("?")
}

fn version(result: &Value) -> &str {
    result["version"].as_str().unwrap_or("")
}

fn in_a_line(result: &Value) -> String {
    match (is_failure(result), result["digest"].as_str()) {
        (true, _) => inline(&format!("failed: {}", messages(result).lines().next().unwrap_or_default())),
        (false, Some(digest)) => code(digest),
        (false, None) => inline(result["reason"].as_str().unwrap_or("ok")),
    }
}

fn messages(result: &Value) -> String {
    let error = |error: &Value| {
        let place = match (error["place"]["file"].as_str(), &error["place"]["line"], &error["place"]["column"]) {
            (Some(file), line, column) => format!("\n --> {file}:{line}:{column}"),
            _ => String::new(),
        };
        let help = error["help"].as_str().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{place}{help}\n", error["message"].as_str().unwrap_or_default())
    };
    result["errors"].as_array().map(|errors| errors.iter().map(error).collect()).unwrap_or_default()
}

fn folded(title: &str, content: &str) -> Option<String> {
    let summary = code(title);
    (!content.is_empty()).then(|| format!("<details><summary>{summary}</summary>\n\n{content}\n</details>\n\n"))
}

/// Returns what an image and its registration are called.
fn facts(json: &Value) -> String {
    let told = FACTS.iter().filter_map(|(key, title)| Some(vec![(*title).to_owned(), code(json[*key].as_str()?)]));
    let packages = platforms(json).filter_map(|platform| {
        let count = platform["packages"]["count"].as_u64().filter(|count| *count > 0)?;
        let from = platform["packages"]["from"].as_object()?;
        let from: Vec<String> = from.iter().map(|(place, count)| format!("{count} from {place}")).collect();
        Some(vec![format!("packages, {}", inline(title(platform))), inline(&format!("{count} ({})", from.join(", ")))])
    });
    table(&["", ""], told.chain(packages)) + "\n"
}

/// Returns the drawing of the DAG, and the layers of each platform.
fn details(dag_id: &str, json: &Value, drawings: &Drawings) -> Vec<String> {
    let several = platforms(json).count() > 1;
    let layers = platforms(json).filter_map(|platform| {
        let layers = platform["layers"].as_array()?;
        let head = if several { format!("**{}**\n\n", inline(title(platform))) } else { String::new() };
        Some(head + &table(&["layer", "size", "what", "push"], layers.iter().map(layer)) + "\n")
    });
    drawing(dag_id, drawings).into_iter().chain(layers).collect()
}

fn platforms(json: &Value) -> impl Iterator<Item = &Value> {
    json["platforms"].as_array().into_iter().flatten()
}

fn title(platform: &Value) -> &str {
    platform["platform"].as_str().unwrap_or_default()
}

fn layer(layer: &Value) -> Vec<String> {
    let digest = layer["digest"].as_str().unwrap_or_default().trim_start_matches("sha256:");
    let short: String = digest.chars().take(12).collect();
    let what = layer["title"].as_str().or_else(|| layer["holds"].as_str()).unwrap_or_default();
    let size = human_bytes(layer["size"].as_u64().unwrap_or_default());
    vec![code(&short), size, inline(what), inline(layer["pushed"].as_str().unwrap_or("not pushed"))]
}

fn drawing(dag_id: &str, drawings: &Drawings) -> Vec<String> {
    match drawings.get(dag_id) {
        Some(drawing) if drawing.len() <= MERMAID_TEXT => vec![fenced("mermaid", drawing) + "\n"],
        Some(_) => vec!["The DAG is larger than GitHub draws; see `leoflow graph --format svg`.\n\n".to_owned()],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_say_is_no_markup_of_the_page() {
        let evil = "<img src=x>|`\n```\n# x";
        let error = json!({"schema": "leoflow.error/v1", "dag_id": evil, "errors": [{"message": evil, "help": evil}]});
        let page = of_result("deploy", evil, &json!({"results": [error]}), &Drawings::new()).concat();
        let outside: Vec<&str> = page.split("````").step_by(2).collect();
        assert!(!outside.concat().contains("<img") && !outside.concat().contains("\n# x"), "{page}");
    }

    #[test]
    fn a_result_that_is_about_no_dag_has_no_page() {
        let version = json!({"schema": "leoflow.version/v1", "version": "0.1.0"});
        assert!(of_result("version", "leoflow 0.1.0", &version, &Drawings::new()).is_empty());
    }
}
