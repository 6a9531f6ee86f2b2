//! The image on its way: from registry to registry, with all its platforms, under the digest that it has.

use super::Plane;
use crate::cli::args::PromoteArgs;
use crate::cli::deploy::moved;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::server::shown;
use crate::cli::session::Session;
use crate::control_plane::is_loopback;
use crate::reference::{PinnedReference, Reference, Repository, Tag, Version};
use crate::registry::{Client, Pushed};

/// Where the image is, and where it will be: one digest.
pub(super) struct Way {
    pub(super) from: PinnedReference,
    pub(super) to: PinnedReference,
}

impl Way {
    /// Returns whether it is another repository.
    pub(super) fn is_copy(&self) -> bool {
        self.from != self.to
    }
}

/// Returns where the image will be: in the registry that was named or that the target has, under the last part of its
/// name; else where it is.
///
/// # Errors
/// When that is no repository, or one that only this machine can reach.
pub(super) fn destination(
    session: &Session,
    args: &PromoteArgs,
    to: &Plane,
    image: &PinnedReference,
) -> Result<PinnedReference, Failure> {
    let target = to.server.target.as_ref().and_then(|name| session.settings.targets.get(name));
    let registry = args.registry.as_ref().or_else(|| target?.registry.as_ref());
    let name = image.repository().name();
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    let there = match registry {
        Some(registry) => format!("{}/{last}", registry.trim_end_matches('/')).parse::<Repository>()?,
        None => image.repository().clone(),
    };
    if there.is_on_loopback() && !is_loopback(&to.server.url) {
        let message = format!("the image is on this machine, where {} cannot pull it: {image}", shown(&to.server.url));
        return Err(Failure::usage(message, "copy it to a registry that it can pull from: --registry HOST/PATH"));
    }
    Ok(there.pinned(image.digest()))
}

/// Copies the image, if it goes anywhere; `dag_version` becomes its tag.
///
/// # Errors
/// When it cannot be had, or the registry does not take it.
pub(super) async fn carry(
    session: &Session,
    registry: &Client,
    way: &Way,
    dag_version: &str,
) -> Result<Option<Pushed>, Failure> {
    if !way.is_copy() {
        return Ok(None);
    }
    let repository = way.to.repository();
    session.standing.at(
        format!("during the copy to {repository}: nothing was registered"),
        "run the same command again: layers that have arrived whole are not sent again",
    );
    let source = Reference { repository: way.from.repository().clone(), version: Version::Digest(way.from.digest()) };
    session.progress.doing("Reading", &source.to_string());
    let artifact = registry.pull(&source).await?;
    session.progress.doing("Pushing", &format!("to {repository}"));
    let pushed = registry.push(repository, &tag(way, dag_version)?, &artifact).await;
    session.progress.clear();
    let pushed = pushed?;
    session.progress.step("Pushed", &moved(&pushed));
    if pushed.pinned != way.to {
        let message = format!("the copy is {}, not {}", pushed.pinned, way.to);
        return Err(Failure::new(Exit::Registry, message, Some("please report it".to_owned())));
    }
    Ok(Some(pushed))
}

/// Without a tag, a registry's garbage collector takes an image away. A version that can be none has the digest's digits.
fn tag(way: &Way, dag_version: &str) -> Result<Tag, Failure> {
    dag_version.parse().or_else(|_| Ok(format!("sha256-{}", way.to.digest().hex()).parse()?))
}
