//! Differences as lines of 80 columns: `+` what is new, `-` what is gone, `~` what changed.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::building::count;
use crate::cli::progress::{human_bytes, short, with_short_digests};
use crate::diff::{Edge, FieldChange, ImageChange, ImageDiff, LayerChange, LineCount, PackageChange, PlatformDiff};
use crate::diff::{SpecDiff, TaskChange};
use crate::image::{DescribedLayer, Platform};
use crate::secret::masked;

/// How many columns a line has.
const COLUMNS: usize = 80;

/// How many packages or layers of one kind are listed one by one.
const MOST: usize = 40;

/// Returns what differs between two specs, indented by two columns.
pub(in crate::cli) fn spec(diff: &SpecDiff) -> String {
    let mut text: String = diff.fields.iter().map(|change| field(2, change)).collect();
    text.extend(diff.tasks.iter().map(task));
    text.extend(diff.edges_removed.iter().map(|edge| edge_line('-', edge)));
    text.extend(diff.edges_added.iter().map(|edge| edge_line('+', edge)));
    text.extend(diff.source.iter().map(source));
    text
}

/// Returns what differs between two images, indented by two columns.
pub(in crate::cli) fn image(diff: &ImageDiff) -> String {
    let several = diff.platforms.len() > 1;
    diff.platforms.iter().map(|(platform, change)| platform_lines(platform, change, several)).collect()
}

/// Returns the same but for layers that the new image has: these are told elsewhere.
pub(in crate::cli) fn image_without_its_layers(mut diff: ImageDiff) -> String {
    for change in diff.platforms.values_mut() {
        if let ImageChange::Changed(diff) = change {
            diff.layers.retain(|layer| !layer.now);
        }
    }
    image(&diff)
}

fn task(change: &TaskChange) -> String {
    match change {
        TaskChange::Added { task_id, kind } => format!("  + task {task_id}  {kind}\n"),
        TaskChange::Removed { task_id } => format!("  - task {task_id}\n"),
        TaskChange::Changed { task_id, fields } => {
            let fields: String = fields.iter().map(|change| field(6, change)).collect();
            format!("  ~ task {task_id}\n{fields}")
        }
    }
}

fn edge_line(mark: char, Edge { upstream, downstream }: &Edge) -> String {
    format!("  {mark} edge {upstream} -> {downstream}\n")
}

fn source(LineCount { added, removed }: &LineCount) -> String {
    format!("  ~ dag.py  {} added, {removed} removed\n", count(*added, "line"))
}

fn platform_lines(platform: &Platform, change: &ImageChange, several: bool) -> String {
    match change {
        ImageChange::Same => format!("  = {platform}\n"),
        ImageChange::Added => format!("  + {platform}\n"),
        ImageChange::Removed => format!("  - {platform}\n"),
        ImageChange::Changed(diff) => {
            let (before, now) = (short(&diff.manifest.0), short(&diff.manifest.1));
            let heading = if several { format!("  ~ {platform}  {before} -> {now}\n") } else { String::new() };
            heading + &platform_diff(diff, if several { 6 } else { 2 })
        }
    }
}

fn platform_diff(diff: &PlatformDiff, indent: usize) -> String {
    let mut text: String = diff.fields.iter().map(|change| field(indent, change)).collect();
    match &diff.packages {
        Some(packages) => text.push_str(&listed(indent, packages, |change| package(indent, change))),
        None => text.push_str(&format!("{:indent$}? packages: not known, an image does not say which it has\n", "")),
    }
    text + &layer_lines(indent, &diff.layers)
}

/// Layers that both have are a number; the others are listed.
fn layer_lines(indent: usize, layers: &[LayerChange]) -> String {
    let same: Vec<&LayerChange> = layers.iter().filter(|layer| layer.before && layer.now).collect();
    let bytes = same.iter().map(|layer| layer.layer.size).sum();
    let others: Vec<&LayerChange> = layers.iter().filter(|layer| !(layer.before && layer.now)).collect();
    let mut text = listed(indent, &others, |change| {
        let mark = if change.now { '+' } else { '-' };
        layer_line(indent, mark, &change.layer, "")
    });
    if !same.is_empty() {
        let _ = writeln!(text, "{:indent$}= {} the same, {}", "", count(same.len(), "layer"), human_bytes(bytes));
    }
    text
}

/// `+ layer 50c352003c79    1.37 KiB  project`
pub(in crate::cli) fn layer_line(indent: usize, mark: char, layer: &DescribedLayer, fate: &str) -> String {
    let title = match (&layer.title, layer.is_ours) {
        (Some(title), true) => title.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => "base".to_owned(),
    };
    let line = format!("{:indent$}{mark} layer {}  {:>10}  {fate}", "", short(&layer.digest), human_bytes(layer.size));
    cut(&format!("{line}{title}")) + "\n"
}

/// Lists changes one by one, and says how many there are beyond a number that anybody reads.
fn listed<T>(indent: usize, changes: &[T], line: impl Fn(&T) -> String) -> String {
    let mut text: String = changes.iter().take(MOST).map(line).collect();
    if let more @ 1.. = changes.len().saturating_sub(MOST) {
        let _ = writeln!(text, "{:indent$}  and {more} more", "");
    }
    text
}

fn package(indent: usize, PackageChange { name, before, now }: &PackageChange) -> String {
    let (mark, versions) = match (before, now) {
        (Some(before), Some(now)) => ('~', format!("{before} -> {now}")),
        (before, now) => (mark(before.is_some(), now.is_some()), before.iter().chain(now).cloned().collect()),
    };
    cut(&format!("{:indent$}{mark} package {name}  {versions}", "")) + "\n"
}

fn mark(before: bool, now: bool) -> char {
    match (before, now) {
        (false, _) => '+',
        (_, false) => '-',
        _ => '~',
    }
}

/// `~ schedule  "@daily" -> "@hourly"`, or three lines where one would be too long.
fn field(indent: usize, FieldChange { path, before, now }: &FieldChange) -> String {
    let mark = mark(before.is_some(), now.is_some());
    let head = format!("{:indent$}{mark} {path}", "");
    let (before, now) = (before.as_ref().map(shown), now.as_ref().map(shown));
    let values: Vec<&str> = before.iter().chain(&now).map(String::as_str).collect();
    let line = format!("{head}  {}", values.join(" -> "));
    if columns(&line) <= COLUMNS {
        return line + "\n";
    }
    let below = |mark: char, value: &String| cut(&format!("{:indent$}    {mark} {value}", "")) + "\n";
    let before = before.iter().map(|value| below('-', value));
    cut(&head) + "\n" + &before.chain(now.iter().map(|value| below('+', value))).collect::<String>()
}

/// Returns a value as JSON, as far as it may be shown.
fn shown(value: &Value) -> String {
    with_short_digests(&masked(&value.to_string()))
}

/// Cuts what does not fit into a line.
fn cut(line: &str) -> String {
    match columns(line) > COLUMNS {
        true => line.chars().take(COLUMNS - 1).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

fn columns(line: &str) -> usize {
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(before: Option<Value>, now: Option<Value>, expected: &str) {
        assert_eq!(field(2, &FieldChange { path: "image".to_owned(), before, now }), expected);
    }

    #[test]
    fn a_field_is_a_line_or_three() {
        check(Some(json!("a")), Some(json!(1)), "  ~ image  \"a\" -> 1\n");
        check(None, Some(json!([true])), "  + image  [true]\n");
        check(Some(json!(null)), None, "  - image  null\n");
        let long = "x".repeat(100);
        let expected = format!("  ~ image\n      - 1\n      + \"{}…\n", "x".repeat(70));
        check(Some(json!(1)), Some(json!(long)), &expected);
    }

    #[test]
    fn digests_are_short_and_passwords_covered() {
        let pinned = format!("r.example/etl@sha256:{}", "0123456789abcdef".repeat(4));
        check(None, Some(json!(pinned)), "  + image  \"r.example/etl@0123456789ab\"\n");
        check(None, Some(json!("postgres://u:sesame@db/x")), "  + image  \"postgres://********@db/x\"\n");
    }

    #[test]
    fn long_lists_end_with_a_number() {
        let change = |number| PackageChange { name: format!("p{number}"), before: None, now: Some("1".to_owned()) };
        let changes: Vec<PackageChange> = (0..=MOST).map(change).collect();
        let text = listed(2, &changes, |change| package(2, change));
        assert!(text.starts_with("  + package p0  1\n") && text.ends_with("\n    and 1 more\n"), "{text}");
        assert_eq!(text.lines().count(), MOST + 1);
    }
}
