//! Where an image goes and what it is built on: flags, then leoflow.yaml, then defaults.

use std::collections::BTreeMap;

use annotate_snippets::Level;

use super::args::RegistryArgs;
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::Session;
use crate::image::Platform;
use crate::project::{self, AuthMethod, Config, Project, Provenance, TagStrategy};
use crate::reference::{Reference, Repository, Tag};

/// The runtime image of contract and documentation; one tag a Python version.
const DEFAULT_BASE: &str = "ghcr.io/neochaotic/leoflow-runtime";

/// Returns the repository that the image goes to.
///
/// # Errors
/// When the project names none, or what it names is not one.
pub(super) fn repository(project: &Project, args: &RegistryArgs) -> Result<Repository, Failure> {
    let config = &project.config;
    let url = args.registry_url.as_deref().or(config.registry.as_ref().map(|registry| registry.url.as_str()));
    let Some(url) = url else { return Err(no_registry(config)) };
    check_auth_method(config)?;
    Ok(format!("{}/{}", url.trim_end_matches('/'), image(config)).parse()?)
}

fn image(config: &Config) -> &str {
    let named = config.registry.as_ref().and_then(|registry| registry.image_name.as_deref());
    named.unwrap_or(&config.dag_id)
}

fn no_registry(config: &Config) -> Failure {
    Failure::new(
        Exit::Project,
        format!("`{}` does not say which registry its image goes to", config.dag_id),
        Some(
            "add to leoflow.yaml:\n\nregistry:\n  url: ghcr.io/your-org\n\nand log in once: \
             `docker login ghcr.io` or `podman login ghcr.io`\n(or try it without an account: --sandbox)"
                .to_owned(),
        ),
    )
}

/// Other methods must not fall back to the configuration files in silence.
fn check_auth_method(config: &Config) -> Result<(), Failure> {
    let word = match config.registry.as_ref().map(|registry| registry.auth_method) {
        None | Some(AuthMethod::DockerConfig) => return Ok(()),
        Some(AuthMethod::Env) => "env",
        Some(AuthMethod::Iam) => "iam",
    };
    Err(Failure::new(
        Exit::Project,
        format!("registry.auth_method `{word}` is not there yet"),
        Some("leave it out and log in with `docker login`, `podman login` or a credential helper".into()),
    ))
}

/// Returns the image to build on: `--base`, `base_image:`, the runtime image of the Python version.
///
/// # Errors
/// When it is not a reference.
pub(super) fn base(project: &Project, args: &RegistryArgs) -> Result<Reference, Failure> {
    match args.base.as_deref().or(project.config.base_image.as_deref()) {
        Some(base) => Ok(base.parse()?),
        None => Ok(format!("{DEFAULT_BASE}:py{}", project.config.python_version.as_str()).parse()?),
    }
}

/// Returns the platforms that are built for: `--platform`, or `build.platforms`.
///
/// # Errors
/// When one is not a platform, or is named twice.
pub(super) fn platforms(project: &Project, args: &RegistryArgs) -> Result<Vec<Platform>, Failure> {
    let given = if args.platform.is_empty() { &project.config.build.platforms } else { &args.platform };
    let mut platforms: Vec<Platform> = Vec::new();
    for text in given {
        let platform = text.parse().map_err(|error: crate::image::PlatformError| {
            Failure::usage(error.to_string(), "give some such as `--platform linux/amd64,linux/arm64`")
        })?;
        if platforms.contains(&platform) {
            return Err(Failure::usage(format!("platform {platform} is named twice"), "name each platform once"));
        }
        platforms.push(platform);
    }
    Ok(if platforms.is_empty() { vec![Platform::linux_amd64()] } else { platforms })
}

/// Returns the tag, which is also the `dag_version`.
///
/// # Errors
/// When git fails, or the strategy needs something that is not there.
pub(super) fn tag(project: &Project, given: Option<&str>) -> Result<Tag, Failure> {
    let strategy = project.config.registry.as_ref().map_or(TagStrategy::default(), |registry| registry.tag_strategy);
    Ok(project::describe(project, strategy, given)?)
}

/// Returns what the image's manifest says of where it comes from. A base on this machine's loopback has no name that
/// means anything elsewhere.
pub(super) fn annotations(
    session: &Session,
    project: &Project,
    base: &Reference,
    tag: &Tag,
) -> BTreeMap<String, String> {
    let Provenance { revision, source } = project::provenance(project).unwrap_or_else(|error| {
        let report = Report::new(format!("the image will not say which commit it is of: {error}"));
        session.progress.report(&report.help(error.help()), Level::WARNING);
        Provenance::default()
    });
    let base = (!base.repository.is_on_loopback()).then(|| base.to_string());
    let told = [("version", Some(tag.to_string())), ("revision", revision), ("source", source), ("base.name", base)];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| (format!("org.opencontainers.image.{name}"), value)).collect()
}

/// Returns the image's name before it is pinned, as far as the project tells.
pub(super) fn image_name(project: &Project, tag: &Tag) -> String {
    let config = &project.config;
    match &config.registry {
        Some(registry) => format!("{}/{}:{tag}", registry.url.trim_end_matches('/'), image(config)),
        None => format!("{}:{tag}", config.dag_id),
    }
}
