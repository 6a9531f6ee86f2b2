//! What a deploy would do, as scripts read it.

use serde_json::{Value, json};

use super::obstacles;
use crate::cli::diff::json as differences;
use crate::cli::run::report_json;
use crate::deploy::{Before, DryRun, Live};
use crate::image::{DescribedImage, DescribedLayer};
use crate::registry::{Fate, Survey};
use crate::time::rfc3339;

/// Returns the object that is documented as `leoflow.deploy_plan/v1`.
pub(in crate::cli::deploy) fn as_json(foretold: &DryRun, server: &str) -> Value {
    let DryRun { spec, survey, .. } = foretold;
    let errors = obstacles(foretold);
    json!({
        "schema": "leoflow.deploy_plan/v1",
        "dag_id": spec.dag_id(),
        "dag_version": spec.dag_version(),
        "server": server,
        "image": spec.image().to_string(),
        "digest": spec.image().digest().to_string(),
        "changes": foretold.is_live() != Some(true),
        "already_live": foretold.is_live(),
        "live": live(&foretold.live),
        "spec": compared(foretold),
        "before": before(&foretold.before),
        "platforms": foretold.images.iter().map(|image| platform(image, survey)).collect::<Vec<_>>(),
        "upload_bytes": survey.upload_bytes(),
        "blobs": {"upload": survey.sum(Fate::Upload).0, "copy": survey.sum(Fate::Copy).0,
                  "mount": survey.sum(Fate::Mount).0, "present": survey.sum(Fate::Present).0},
        "connections": spec.connections(),
        "errors": errors.iter().flat_map(|failure| &failure.reports).map(report_json).collect::<Vec<_>>(),
    })
}

fn live(live: &Live) -> Value {
    match live {
        Live::Nothing => json!({"state": "nothing"}),
        Live::Unknown(error) => json!({"state": "unknown", "reason": error.to_string()}),
        Live::Version(live) => json!({"state": "version", "version": live.version, "spec_hash": live.spec_hash,
                                      "image": live.image}),
    }
}

/// What the spec is compared with, and what differs.
fn compared(foretold: &DryRun) -> Value {
    let Some(earlier) = &foretold.earlier else { return Value::Null };
    json!({"compared_with": {"version": earlier.version, "deployed_at": rfc3339(earlier.time),
                             "image": earlier.image.to_string()},
           "diff": foretold.spec_diff.as_ref().map(differences::spec)})
}

/// The image that is replaced, and what differs from it.
fn before(before: &Before) -> Value {
    match before {
        Before::Nothing => Value::Null,
        Before::Same => json!({"state": "same"}),
        Before::Differs { image, diff } => json!({"state": "differs", "image": image.to_string(),
                                                  "diff": diff.as_ref().map(differences::image)}),
        Before::Unreadable { image, error } => {
            json!({"state": "unreadable", "image": image.to_string(), "reason": error.to_string()})
        }
    }
}

fn platform(image: &DescribedImage, survey: &Survey) -> Value {
    json!({"platform": image.platform.to_string(), "digest": image.manifest.to_string(), "packages": image.packages,
           "layers": image.layers.iter().map(|described| layer(described, survey)).collect::<Vec<_>>()})
}

fn layer(layer: &DescribedLayer, survey: &Survey) -> Value {
    let blob = survey.blob(layer.digest);
    json!({"digest": layer.digest.to_string(), "size": layer.size, "title": layer.title,
           "fate": blob.map(|blob| word(blob.fate)), "told": blob.map(|blob| blob.told)})
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Present => "present",
        Fate::Mount => "mount",
        Fate::Copy => "copy",
        Fate::Upload => "upload",
    }
}
