//! `leoflow image copy`: an image from one place to another, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::Level;
use serde_json::{Value, json};

use super::args::{CopyArgs, ImageCommand};
use super::deploy::moved;
use super::exit::Exit;
use super::progress::{human_bytes, short};
use super::report::{Failure, Report};
use super::session::Session;
use super::{asked, target};
use crate::image::{Artifact, Platform};
use crate::layers::Digest;
use crate::layout::{self, Layout, Names};
use crate::reference::{LocalPlace, Place, Reference, RegistryPlace, Tag, Version};
use crate::registry::{Client, RegistryError};

pub(super) async fn run(session: &Session, command: &ImageCommand) -> Result<Exit, Failure> {
    match command {
        ImageCommand::Copy(args) => copy(session, args).await,
    }
}

/// An image as it was found.
struct Source {
    artifact: Artifact,
    names: Names,
    /// Why its digest is not the one that it had, if so, and what keeps it.
    renamed: Option<(&'static str, &'static str)>,
}

/// An index of some of its platforms is another document.
const NARROWED: (&str, &str) = (
    "an index of these platforms is another one than that of all: its digest is new",
    "leave --platform out to keep the digest",
);

/// A manifest had to be made.
const MADE: (&str, &str) = (
    "the archive holds no manifest, so one was made: the digest is not that of the image that was saved",
    "carry images as `oci:FILE.tar` to keep their digests",
);

async fn copy(session: &Session, args: &CopyArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let parsed = |text: &str| Ok::<_, Failure>(text.parse::<Place>()?.below(&session.environment.directory));
    let (from, to) = (parsed(&args.source)?, parsed(&args.destination)?);
    check_destination(&to)?;
    let platforms = target::parsed_platforms(&args.platform)?;
    let registry = session.registry(&args.connection, &args.upload, BTreeMap::new())?;
    session.progress.doing("Reading", &from.to_string());
    let source = read(&registry, &from, &platforms, &to).await?;
    session.progress.idle();
    tell(session, &source);
    session.standing.at("during the copy: the image is not there yet", "run the same command again");
    let shown = write(session, &registry, &source, &to).await?;
    let digest = source.artifact.digest();
    let text = format!("Copied {from} -> {shown}\n  image {digest}\n") + &asked::line(&args.connection, &registry);
    session.print(&text, &as_json(&from, &shown, &source.artifact, &registry))?;
    Ok(Exit::Success)
}

fn check_destination(place: &Place) -> Result<(), Failure> {
    match place {
        Place::Local(place) => target::check_destination(place),
        Place::Registry(RegistryPlace { version: Some(Version::Digest(_)), .. }) => Err(Failure::usage(
            "a digest cannot be chosen for the copy: it is that of the image",
            "write a tag, `REGISTRY/NAME:TAG`, or nothing to keep the source's",
        )),
        Place::Registry(_) => Ok(()),
    }
}

async fn read(registry: &Client, from: &Place, platforms: &[Platform], to: &Place) -> Result<Source, Failure> {
    match from {
        Place::Registry(place) => pulled(registry, &place.reference(), platforms).await,
        Place::Local(place) => {
            // What is written to a file is checked on the way.
            let (place, platforms, verify) = (place.clone(), platforms.to_vec(), matches!(to, Place::Registry(_)));
            let read = tokio::task::spawn_blocking(move || stored(&place, &platforms, verify)).await;
            read.map_err(|error| Failure::new(Exit::Failure, format!("internal error: {error}"), None))?
        }
    }
}

async fn pulled(registry: &Client, reference: &Reference, platforms: &[Platform]) -> Result<Source, Failure> {
    let artifact = registry.pull(reference).await?;
    let whole = artifact.digest();
    let artifact = match platforms {
        [] => artifact,
        several => {
            // What was pulled is asked for again, by digest: a tag may have moved.
            let pinned = Reference { version: Version::Digest(artifact.digest()), ..reference.clone() };
            let bases = registry.pull_bases(&pinned, several).await?;
            let wanted: BTreeSet<_> = bases.iter().map(|base| base.digest).collect();
            layout::narrowed(artifact, &wanted).map_err(|error| {
                Failure::from(RegistryError::Base { reference: reference.clone().into(), error: error.into() })
            })?
        }
    };
    let tag = match &reference.version {
        Version::Tag(tag) => Some(tag.to_string()),
        Version::Digest(_) => None,
    };
    let renamed = narrowed(whole, &artifact);
    let names = Names { reference: tag, image: still_named(Some(reference.to_string()), &artifact) };
    Ok(Source { artifact, names, renamed })
}

fn stored(place: &LocalPlace, platforms: &[Platform], verify: bool) -> Result<Source, Failure> {
    let layout = Layout::open(place)?;
    let artifact = layout.artifact(platforms)?;
    let artifact = if verify { layout.verified(artifact)? } else { artifact };
    let renamed = layout.digest().map_or(Some(MADE), |whole| narrowed(whole, &artifact));
    let names = Names { reference: layout.ref_name(), image: still_named(layout.name(), &artifact) };
    Ok(Source { artifact, names, renamed })
}

/// A name by digest is that of the whole: some of its platforms have another digest.
fn still_named(image: Option<String>, artifact: &Artifact) -> Option<String> {
    let version = |name: &String| name.parse::<Reference>().ok().map(|reference| reference.version);
    image.filter(|name| match version(name) {
        Some(Version::Digest(digest)) => digest == artifact.digest(),
        _ => true,
    })
}

/// Sizes are what a manifest claims: their sum may be more than there are numbers.
fn bytes_of(artifact: &Artifact) -> u64 {
    artifact.distinct_blobs().iter().fold(0, |sum, blob| sum.saturating_add(blob.descriptor.size))
}

fn tell(session: &Session, source: &Source) {
    let artifact = &source.artifact;
    let what = if artifact.children.is_empty() { "image" } else { "index" };
    let size = human_bytes(bytes_of(artifact));
    session.progress.step("Read", &format!("{what} {}, {size}", short(&artifact.digest())));
    if let Some((message, help)) = source.renamed {
        session.progress.report(&Report::new(message).help(Some(help.to_owned())), Level::WARNING);
    }
}

/// One of several platforms is what it was, and so is an index that was left whole.
fn narrowed(whole: Digest, artifact: &Artifact) -> Option<(&'static str, &'static str)> {
    (artifact.digest() != whole && !artifact.children.is_empty()).then_some(NARROWED)
}

/// Writes the image and returns where it is now.
async fn write(session: &Session, registry: &Client, source: &Source, to: &Place) -> Result<Place, Failure> {
    session.progress.doing("Writing", &to.to_string());
    match to {
        Place::Registry(place) => {
            let tag = tag(place, &source.names)?;
            registry.allow(&place.repository);
            session.progress.pushing(&place.repository.to_string(), &source.artifact);
            let pushed = registry.push(&place.repository, &tag, &source.artifact).await;
            session.progress.clear();
            session.progress.step("Pushed", &moved(&pushed?));
            let version = Some(Version::Tag(tag));
            Ok(Place::Registry(RegistryPlace { repository: place.repository.clone(), version }))
        }
        Place::Local(place) => {
            let fetch = async |repository: &_, descriptor: &_| Ok(registry.blob(repository, descriptor));
            let saved = layout::save(&source.artifact, place, &source.names, fetch).await;
            session.progress.clear();
            saved?;
            session.progress.step("Written", &place.to_string());
            Ok(to.clone())
        }
    }
}

/// Returns the tag that was asked for, or the one that the source has.
fn tag(place: &RegistryPlace, names: &Names) -> Result<Tag, Failure> {
    if let Some(Version::Tag(tag)) = &place.version {
        return Ok(tag.clone());
    }
    let of_full = names.image.as_ref().and_then(|name| match name.parse::<Reference>().ok()?.version {
        Version::Tag(tag) => Some(tag),
        Version::Digest(_) => None,
    });
    of_full.or_else(|| names.reference.as_ref()?.parse().ok()).ok_or_else(|| {
        let repository = &place.repository;
        Failure::usage(format!("no tag is known for the copy in {repository}"), format!("write `{repository}:TAG`"))
    })
}

fn as_json(from: &Place, to: &Place, artifact: &Artifact, registry: &Client) -> Value {
    json!({
        "schema": "leoflow.image-copy/v1",
        "source": from.to_string(),
        "destination": to.to_string(),
        "digest": artifact.digest().to_string(),
        "media_type": artifact.descriptor.media_type,
        "manifests": artifact.children.iter().map(|child| child.digest().to_string()).collect::<Vec<_>>(),
        "blobs": artifact.distinct_blobs().len(),
        "bytes": bytes_of(artifact),
        "asked": asked::json(registry),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{ArtifactBlob, BlobKind, BlobSource, Descriptor, media_type};

    #[test]
    fn sizes_that_nothing_has_are_summed_up_all_the_same() {
        let blob = |text: &str| ArtifactBlob {
            kind: BlobKind::Layer,
            descriptor: Descriptor::new(media_type::OCI_LAYER, Digest::of(text.as_bytes()), u64::MAX),
            source: BlobSource::Local(crate::layers::Blob::from_bytes(Vec::new())),
        };
        let descriptor = Descriptor::of(media_type::OCI_MANIFEST, b"");
        let blobs = vec![blob("one"), blob("other")];
        let artifact = Artifact { descriptor, document: Vec::new(), blobs, children: Vec::new() };
        assert_eq!(bytes_of(&artifact), u64::MAX);
    }
}
