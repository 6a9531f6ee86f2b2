//! What is compared: a dag.json, or an image of a registry or a layout.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::exit::Exit;
use crate::cli::report::{Failure, shown};
use crate::cli::session::Session;
use crate::dag::validate_json;
use crate::image::DescribedImage;
use crate::layers::Digest;
use crate::layout::Layout;
use crate::reference::{LocalPlace, Place, RegistryPlace};
use crate::registry::Client;

/// One side of a comparison.
pub(super) enum Side {
    /// A dag.json.
    Spec(Value),
    /// An image, for each of its platforms.
    Image(Digest, Vec<DescribedImage>),
}

/// Reads a side: a file, a directory with a dag.json, or else an image.
pub(super) async fn read(session: &Session, registry: &Client, text: &str) -> Result<Side, Failure> {
    if let Some(file) = file(&session.environment.directory.join(text)) {
        return spec(&file);
    }
    if Path::new(text).extension().is_some_and(|extension| extension == "json") {
        let help = "name a dag.json that `leoflow compile` or `deploy --spec-out` wrote";
        return Err(Failure::usage(format!("there is no file `{text}`"), help));
    }
    match text.parse::<Place>()?.below(&session.environment.directory) {
        Place::Local(place) => stored(place).await,
        Place::Registry(place) => pulled(registry, text, &place).await,
    }
}

fn file(path: &Path) -> Option<PathBuf> {
    [path.to_owned(), path.join("dag.json")].into_iter().find(|path| path.is_file())
}

fn spec(file: &Path) -> Result<Side, Failure> {
    let name = shown(file);
    let bytes = std::fs::read(file).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", name.display());
        Failure::usage(message, "name a dag.json that you can read")
    })?;
    let faults = match validate_json(&bytes) {
        Ok(value) => return Ok(Side::Spec(value)),
        Err(faults) => faults,
    };
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let message = format!("`{}` is no valid dag.json: {}", name.display(), texts.join("; "));
    Err(Failure::new(Exit::Usage, message, faults.iter().find_map(|fault| fault.help())))
}

async fn stored(place: LocalPlace) -> Result<Side, Failure> {
    let read = move || {
        let layout = Layout::open(&place)?;
        let artifact = layout.artifact(&[])?;
        Ok::<_, Failure>(Side::Image(artifact.digest(), layout.descriptions(&artifact)?))
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|error| Failure::new(Exit::Failure, format!("internal error: {error}"), None))?
}

/// A name without a version is more often a path that is not there than the tag `latest`.
async fn pulled(registry: &Client, text: &str, place: &RegistryPlace) -> Result<Side, Failure> {
    if place.version.is_none() {
        let message = format!("`{text}` is neither a dag.json nor an image by tag or digest");
        let help = "write a dag.json's path, `REGISTRY/NAME@sha256:…`, `REGISTRY/NAME:TAG` or `oci:PATH`";
        return Err(Failure::usage(message, help));
    }
    let (digest, images) = registry.descriptions(&place.reference()).await?;
    Ok(Side::Image(digest, images))
}
