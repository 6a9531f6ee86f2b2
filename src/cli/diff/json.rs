//! Differences as scripts read them.

use serde_json::{Value, json};

use crate::diff::{Edge, FieldChange, ImageChange, ImageDiff, LayerChange, PackageChange, PlatformDiff};
use crate::diff::{SpecDiff, TaskChange};

/// Returns what differs between two specs.
pub(in crate::cli) fn spec(diff: &SpecDiff) -> Value {
    let edges = |edges: &[Edge]| edges.iter().map(|edge| json!([edge.upstream, edge.downstream])).collect::<Value>();
    json!({
        "fields": fields(&diff.fields),
        "tasks": tasks(&diff.tasks),
        "edges": {"added": edges(&diff.edges_added), "removed": edges(&diff.edges_removed)},
        "source": diff.source.map(|lines| json!({"lines_added": lines.added, "lines_removed": lines.removed})),
    })
}

/// Returns what differs between two images, a list of platforms.
pub(in crate::cli) fn image(diff: &ImageDiff) -> Value {
    let platform = |(platform, change): (_, &ImageChange)| {
        let word = match change {
            ImageChange::Same => "same",
            ImageChange::Added => "added",
            ImageChange::Removed => "removed",
            ImageChange::Changed(_) => "changed",
        };
        let mut json = json!({"platform": ToString::to_string(platform), "change": word});
        if let (ImageChange::Changed(diff), Some(fields)) = (change, json.as_object_mut()) {
            fields.extend(platform_diff(diff).as_object().cloned().unwrap_or_default());
        }
        json
    };
    diff.platforms.iter().map(platform).collect()
}

fn platform_diff(diff: &PlatformDiff) -> Value {
    json!({
        "digest": {"before": diff.manifest.0.to_string(), "now": diff.manifest.1.to_string()},
        "fields": fields(&diff.fields),
        "packages": diff.packages.as_ref().map(|packages| packages.iter().map(package).collect::<Vec<_>>()),
        "layers": diff.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

fn tasks(changes: &[TaskChange]) -> Value {
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        match change {
            TaskChange::Added { task_id, kind } => added.push(json!({"task_id": task_id, "type": kind})),
            TaskChange::Removed { task_id } => removed.push(json!({"task_id": task_id})),
            TaskChange::Changed { task_id, fields: changes } => {
                changed.push(json!({"task_id": task_id, "fields": fields(changes)}));
            }
        }
    }
    json!({"added": added, "removed": removed, "changed": changed})
}

/// A side that is not there has no key: `null` is a value.
fn fields(changes: &[FieldChange]) -> Value {
    let field = |change: &FieldChange| {
        let mut json = json!({"path": change.path});
        change.before.iter().for_each(|before| json["before"] = before.clone());
        change.now.iter().for_each(|now| json["now"] = now.clone());
        json
    };
    changes.iter().map(field).collect()
}

fn package(PackageChange { name, before, now }: &PackageChange) -> Value {
    json!({"name": name, "before": before, "now": now})
}

fn layer(LayerChange { layer, before, now }: &LayerChange) -> Value {
    let change = match (before, now) {
        (true, true) => "same",
        (false, _) => "added",
        (true, false) => "removed",
    };
    json!({"digest": layer.digest.to_string(), "size": layer.size, "title": layer.title, "change": change})
}
