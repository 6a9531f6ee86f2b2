//! The steps of the road as events.

use serde_json::{Value, json};

use super::Named;
use crate::cli::account::Account;
use crate::deploy::{Built, BuiltImage, LayerOrigin, PackageLayer, PlatformPackages, Step};
use crate::image::BaseImage;

/// Returns a step as an event; what is told as a warning is none.
pub(in crate::cli) fn step(step: &Step<'_>, account: &Account) -> Option<Named> {
    Some(match step {
        Step::Compiled(compiled) => {
            let spec = &compiled.spec;
            let tasks = spec.tasks.len();
            ("compiled", json!({"dag_id": spec.dag_id, "dag_version": spec.dag_version, "tasks": tasks}))
        }
        Step::Listed(packed) => ("listed", json!({"files": packed.files, "bytes": packed.bytes})),
        Step::Assembled(packed, layer) => {
            let descriptor = json!({"digest": layer.digest.to_string(), "diff_id": layer.diff_id.to_string(),
                                    "size": layer.blob.size()});
            ("assembled", json!({"files": packed.files, "bytes": packed.bytes, "layer": descriptor}))
        }
        Step::BaseResolved(base, images) => {
            let images: Vec<Value> = images.iter().map(of_base).collect();
            ("base_resolved", json!({"base": base.to_string(), "platforms": images}))
        }
        Step::PackagesChosen(all) => {
            ("packages_resolved", json!({"platforms": all.iter().map(packages).collect::<Vec<_>>()}))
        }
        Step::PackagesLayered(package) => ("layer", layer(package)),
        Step::Built(built) => ("built", of_built(built, account)),
        Step::Found(place, artifact) => {
            ("found", json!({"place": place.to_string(), "digest": artifact.digest().to_string()}))
        }
        Step::Pushed(pushed) => (
            "pushed",
            json!({"image": pushed.pinned.to_string(), "digest": pushed.pinned.digest().to_string(),
                   "unchanged": pushed.unchanged, "uploaded_bytes": pushed.uploaded_bytes,
                   "blobs": {"uploaded": pushed.uploaded, "mounted": pushed.mounted, "present": pushed.present}}),
        ),
        Step::Registered(registration) => (
            "registered",
            json!({"dag_id": registration.dag_id, "version": registration.version,
                   "spec_hash": registration.spec_hash, "created": registration.created}),
        ),
        Step::AlreadyLive(registration) => {
            ("already_live", json!({"dag_id": registration.dag_id, "version": registration.version}))
        }
        Step::Triggered(run) => ("triggered", json!({"dag_run_id": run.dag_run_id, "state": run.state})),
        Step::LockStale(..) | Step::LockUnusable(_) | Step::PackagesResolved(_) | Step::RecordDiffers(..) => {
            return None;
        }
    })
}

fn of_base(base: &BaseImage) -> Value {
    json!({"digest": base.digest.to_string(), "layers": base.layers.len()})
}

fn packages(of: &PlatformPackages) -> Value {
    let size: u64 = of.lock.packages.iter().filter_map(|package| package.wheel.size).sum();
    json!({"platform": of.platform.to_string(), "wheels": of.lock.packages.len(), "bytes": size,
           "in_base": of.lock.kept.len(), "lock": of.locked_in})
}

fn layer(package: &PackageLayer) -> Value {
    let origin = match package.origin {
        LayerOrigin::Made => "made",
        LayerOrigin::Cache => "cache",
        LayerOrigin::Registry => "registry",
    };
    let descriptor = package.descriptor();
    json!({"title": package.batch.title, "digest": descriptor.digest.to_string(), "size": descriptor.size,
           "origin": origin})
}

fn of_built(built: &Built, account: &Account) -> Value {
    let platforms = built.images.iter().map(|BuiltImage { platform, image, base, .. }| {
        let mut json = json!({"platform": platform.to_string(), "digest": image.descriptor.digest.to_string(),
                              "base_digest": base.to_string()});
        account.add_to(&mut json, platform, false);
        json
    });
    json!({"digest": built.artifact.digest().to_string(), "media_type": built.artifact.descriptor.media_type,
           "platforms": platforms.collect::<Vec<_>>()})
}
