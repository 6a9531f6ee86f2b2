//! Named targets: a server, the registry and mirrors that go with it, and its token, by one word.
//!
//! Which one is used: `--target`, `LEOFLOW_TARGET`, `current_target` of the settings. What flags and variables say of one
//! value (`--server`, `LEOFLOW_SERVER_URL`) counts before what a target says of it; only a `--target` that was typed
//! counts before variables.

mod commands;
mod mirror;
mod section;

use std::collections::BTreeMap;

use url::Url;

pub(super) use self::commands::run;
pub use self::mirror::MirrorPlace;
pub(super) use self::section::read;
use super::args::Command;
use super::environment::Environment;
use super::report::Failure;
use super::server::{SETTINGS, Said};
use super::session::Session;
use super::settings::Settings;
use crate::secret::Secret;

/// The flag, in words.
pub const FLAG: &str = "--target";

/// How targets are named.
const NAME_HELP: &str = "use letters, digits, `_` and `-`";

/// A server by name, and what goes with it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The control plane's URL.
    pub server: Url,
    /// Where images for it go, instead of leoflow.yaml's `registry.url`.
    pub registry: Option<String>,
    /// Who is asked for images of a host before that host.
    pub mirrors: BTreeMap<String, Vec<MirrorPlace>>,
    /// The control plane's token.
    pub token: Option<Secret>,
}

impl Target {
    /// Returns the target in words.
    #[must_use]
    pub fn described(&self) -> String {
        format!("target `{}`", self.name)
    }

    /// Returns whether its token may be sent to `server`.
    #[must_use]
    pub fn issued_for(&self, server: &Url) -> bool {
        self.token.is_some() && self.server.origin() == server.origin()
    }
}

/// The target that is used, and who says so.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// The target.
    pub target: &'a Target,
    /// Who says so, in words.
    pub source: &'static str,
}

/// Returns whether a target may be called so.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Returns the target that is used: `--target`, `LEOFLOW_TARGET`, `current_target`; nothing when none is.
///
/// # Errors
/// When there is none of that name.
pub fn selected<'a>(
    given: Option<&str>,
    environment: &Environment,
    settings: &'a Settings,
) -> Result<Option<Selected<'a>>, Failure> {
    match choices(given, environment, settings).into_iter().next() {
        Some((name, source)) => Ok(Some(Selected { target: named(settings, &name, source)?, source })),
        None => Ok(None),
    }
}

/// Returns who names which target, the strongest first.
pub(super) fn choices(
    given: Option<&str>,
    environment: &Environment,
    settings: &Settings,
) -> Vec<(String, &'static str)> {
    let places = [
        given.map(|name| (name.to_owned(), FLAG)),
        environment.variable("LEOFLOW_TARGET").map(|name| (name, "LEOFLOW_TARGET")),
        settings.current_target.clone().map(|name| (name, SETTINGS)),
    ];
    places.into_iter().flatten().collect()
}

/// Returns the target that a command names where it takes a server's URL as well; nothing when it is a URL.
///
/// # Errors
/// When it is neither.
pub fn find<'a>(session: &'a Session, name: &str) -> Result<Option<&'a Target>, Failure> {
    if name.contains("://") {
        return Ok(None);
    }
    named(&session.settings, name, "the command line").map(Some)
}

fn named<'a>(settings: &'a Settings, name: &str, source: &str) -> Result<&'a Target, Failure> {
    let known = || settings.targets.keys().map(String::as_str);
    settings.targets.get(name).ok_or_else(|| {
        let near = known().min_by_key(|other| strsim::osa_distance(name, other));
        let near = near.filter(|other| strsim::osa_distance(name, other) <= (name.len() / 3).max(1));
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let help = match settings.targets.is_empty() {
            true => format!("add it: leoflow target add {name} --server URL"),
            false => format!("{near}there are: {}", known().collect::<Vec<_>>().join(", ")),
        };
        Failure::usage(format!("there is no target `{}` (named by {source})", name.escape_debug()), help)
    })
}

/// Returns who says where images go, the strongest first; leoflow.yaml comes after all of them.
///
/// # Errors
/// When there is no such target.
pub fn registries(
    given: Option<&str>,
    named: Option<&str>,
    environment: &Environment,
    settings: &Settings,
) -> Result<Vec<Said>, Failure> {
    let selected = selected(named, environment, settings)?;
    let of_target = |typed: bool| {
        let selected = selected.as_ref().filter(|selected| (selected.source == FLAG) == typed)?;
        Some(Said::by_target(selected.target.registry.clone()?, selected.target))
    };
    let places = [
        given.map(|text| Said::new(text, "--registry")),
        of_target(true),
        environment.variable("LEOFLOW_REGISTRY_URL").map(|text| Said::new(text, "LEOFLOW_REGISTRY_URL")),
        of_target(false),
    ];
    Ok(places.into_iter().flatten().collect())
}

/// Gives a command what the target that it uses says of registries: mirrors, and where images go.
///
/// # Errors
/// When there is no such target.
pub fn settle(session: &mut Session, command: &mut Command) -> Result<(), Failure> {
    let Some((named, registry)) = command.of_target() else { return Ok(()) };
    let Session { environment, settings, .. } = session;
    if let Some(registry) = registry {
        let said = registries(registry.as_deref(), named.as_deref(), environment, settings)?;
        *registry = said.into_iter().next().map(|said| said.value);
    }
    let mut said = std::mem::take(&mut settings.registries);
    if let Some(Selected { target, .. }) = selected(named.as_deref(), environment, settings)? {
        mirror::add(&mut said, target);
    }
    settings.registries = said;
    Ok(())
}
