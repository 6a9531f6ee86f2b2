//! Where an image goes and what it is built on: flags, then leoflow.yaml, then defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use annotate_snippets::Level;

use super::args::{BaseArgs, ImageArgs, PackageArgs};
use super::environment::Environment;
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::Session;
use super::{record, sandbox};
use crate::credentials::{Ambient, CredentialError, LoginMethod};
use crate::deploy::{Base, Locking, PackageOptions, Plan};
use crate::image::Platform;
use crate::layout::{self, Layout};
use crate::project::{self, AuthMethod, Config, Project, Provenance, TagStrategy};
use crate::reference::{LocalPlace, Place, Reference, Repository, Selector, Tag};

/// The runtime image of contract and documentation; one tag a Python version.
const DEFAULT_BASE: &str = "ghcr.io/neochaotic/leoflow-runtime";

/// Returns the repository that the image goes to.
///
/// # Errors
/// When the project names none, or what it names is not one.
pub(super) fn repository(project: &Project, args: &ImageArgs) -> Result<Repository, Failure> {
    let config = &project.config;
    let url = args.registry_url.as_deref().or(config.registry.as_ref().map(|registry| registry.url.as_str()));
    let Some(url) = url else { return Err(no_registry(config)) };
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

/// Returns the same, once it is sure that the project's way of logging in can be used for it: other ways must not fall
/// back to the configuration files in silence.
///
/// # Errors
/// When there is no such repository, or `registry.auth_method` lacks what it needs.
pub(super) fn destination(project: &Project, args: &ImageArgs) -> Result<Repository, Failure> {
    let repository = repository(project, args)?;
    if let Some(method) = auth_method(&project.config) {
        method.check(repository.registry(), &Ambient::of(&Environment::lookup, 0))?;
    }
    Ok(repository)
}

fn auth_method(config: &Config) -> Option<LoginMethod> {
    match config.registry.as_ref()?.auth_method {
        AuthMethod::DockerConfig => None,
        AuthMethod::Env => Some(LoginMethod::Environment),
        AuthMethod::Iam => Some(LoginMethod::CloudIdentity),
    }
}

/// Returns how the registries that `projects` go to are logged in to, where that is not by configuration files.
///
/// # Errors
/// When two projects disagree about a registry, or the one credential of the environment would go to two registries.
pub(super) fn auth_methods(projects: &[Project], args: &ImageArgs) -> Result<BTreeMap<String, LoginMethod>, Failure> {
    let mut chosen: BTreeMap<String, (Option<LoginMethod>, &str)> = BTreeMap::new();
    for project in projects {
        // A project without a registry is told of when its turn comes.
        let Ok(repository) = repository(project, args) else { continue };
        let (method, dag_id) = (auth_method(&project.config), project.config.dag_id.as_str());
        match chosen.get(repository.registry()) {
            Some((other, first)) if *other != method => return Err(disagree(repository.registry(), first, dag_id)),
            Some(_) => {}
            None => drop(chosen.insert(repository.registry().to_owned(), (method, dag_id))),
        }
    }
    let methods = chosen.into_iter().filter_map(|(registry, (method, _))| Some((registry, method?)));
    let methods: BTreeMap<String, LoginMethod> = methods.collect();
    one_at_most(&methods)?;
    Ok(methods)
}

fn disagree(registry: &str, first: &str, second: &str) -> Failure {
    let message = format!("`{first}` and `{second}` go to {registry}, but with different `registry.auth_method`s");
    Failure::new(Exit::Project, message, Some("give both the same, or deploy them one by one".into()))
}

/// What is in the environment is for one registry.
fn one_at_most(methods: &BTreeMap<String, LoginMethod>) -> Result<(), Failure> {
    let registries = methods.iter().filter(|(_, method)| **method == LoginMethod::Environment);
    let registries: Vec<&str> = registries.map(|(registry, _)| registry.as_str()).collect();
    if registries.len() < 2 {
        return Ok(());
    }
    let message = format!("LEOFLOW_REGISTRY_… hold one credential, but projects go to {}", registries.join(" and "));
    Err(Failure::new(Exit::Project, message, Some("deploy the projects of each registry by themselves".into())))
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        let exit = match error {
            CredentialError::NoCloud { .. } => Exit::Project,
            CredentialError::Variables { .. } => Exit::Usage,
            _ => Exit::Registry,
        };
        Self::new(exit, error.to_string(), error.help())
    }
}

/// Returns the image to build on: `--base`, `base_image:`, the runtime image of the Python version.
///
/// # Errors
/// When it is no place.
pub(super) fn base(session: &Session, project: &Project, args: &BaseArgs) -> Result<Base, Failure> {
    let place = match (&args.base, &project.config.base_image) {
        (Some(base), _) => base.parse::<Place>()?.below(&session.environment.directory),
        (None, Some(base)) => base.parse::<Place>()?.below(&project.root),
        (None, None) => format!("{DEFAULT_BASE}:py{}", project.config.python_version.as_str()).parse()?,
    };
    Ok(match place {
        Place::Registry(place) => Base::Registry(place.reference()),
        Place::Local(place) => Base::Local(place),
    })
}

/// Returns the files that were named on the command line.
///
/// # Errors
/// When it is no place, or one in a registry.
pub(super) fn local(session: &Session, text: &str) -> Result<LocalPlace, Failure> {
    match text.parse::<Place>()?.below(&session.environment.directory) {
        Place::Local(place) => Ok(place),
        Place::Registry(_) => Err(Failure::usage(
            format!("`{text}` is in a registry, not on this machine"),
            "write `oci:DIR`, `oci:FILE.tar` or `docker-archive:FILE.tar`",
        )),
    }
}

/// Fails when a place to write to asks for a digest.
///
/// # Errors
/// When it does.
pub(super) fn check_destination(place: &LocalPlace) -> Result<(), Failure> {
    match &place.image {
        Some(Selector::Digest(_)) => Err(Failure::usage(
            format!("`{place}` asks for a digest, which is that of the image and cannot be chosen"),
            "write a name behind the path, `oci:PATH:NAME`, or nothing",
        )),
        _ => Ok(()),
    }
}

/// Returns what is built; `image` is a file or directory of images that the command is about.
///
/// # Errors
/// When a platform is none, or is named twice.
pub(super) fn plan(
    session: &Session,
    project: Project,
    base: Base,
    tag: Tag,
    args: &ImageArgs,
    packages: PackageOptions,
    image: Option<&LocalPlace>,
) -> Result<Plan, Failure> {
    Ok(Plan {
        platforms: platforms(&project, &args.base)?,
        annotations: annotations(session, &project, &base, &tag),
        own_directories: own_directories(session, &base, image),
        allowed_files: args.allow_file.clone(),
        packages,
        project,
        base,
        tag,
    })
}

/// Returns where the image's packages come from.
pub(super) fn packages(args: &PackageArgs, remote_cache: bool) -> PackageOptions {
    PackageOptions { in_base: args.packages_in_base, locking: locking(args.locked), remote_cache }
}

/// Returns what locks are for, where none is made.
pub(super) fn locking(required: bool) -> Locking {
    if required { Locking::Require } else { Locking::Use }
}

/// Returns where this program keeps things, whether it exists yet or is about to, and where images lie: none of it is
/// the project's.
fn own_directories(session: &Session, base: &Base, image: Option<&LocalPlace>) -> Vec<PathBuf> {
    let base = match base {
        Base::Registry(_) => None,
        Base::Local(place) => Some(place),
    };
    let images = base.into_iter().chain(image).flat_map(|place| layout::own_paths(&place.path));
    images.map(|path| canonical(&path)).chain(kept_directories(session)).collect()
}

/// Returns where this program keeps things, whether it exists yet or is about to.
pub(super) fn kept_directories(session: &Session) -> Vec<PathBuf> {
    let data = sandbox::directory(session, None).ok().into_iter().chain(record::directory(session));
    let kept = data.chain(session.environment.cache_directory());
    kept.chain(session.audience.files()).map(|path| canonical(&path)).collect()
}

/// Resolves the links of a path whose last components may not exist yet.
fn canonical(path: &Path) -> PathBuf {
    let resolved = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match resolved {
        Some((above, resolved)) => resolved.join(path.strip_prefix(above).unwrap_or(path)),
        None => path.to_owned(),
    }
}

/// Returns the platforms that are built for: `--platform`, or `build.platforms`.
///
/// # Errors
/// When one is not a platform, or is named twice.
pub(super) fn platforms(project: &Project, args: &BaseArgs) -> Result<Vec<Platform>, Failure> {
    let given = if args.platform.is_empty() { &project.config.build.platforms } else { &args.platform };
    let platforms = parsed_platforms(given)?;
    Ok(if platforms.is_empty() { vec![Platform::linux_amd64()] } else { platforms })
}

/// Returns the platforms that were named.
///
/// # Errors
/// When one is not a platform, or is named twice.
pub(super) fn parsed_platforms(given: &[String]) -> Result<Vec<Platform>, Failure> {
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
    Ok(platforms)
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
fn annotations(session: &Session, project: &Project, base: &Base, tag: &Tag) -> BTreeMap<String, String> {
    let Provenance { revision, source } = project::provenance(project).unwrap_or_else(|error| {
        let report = Report::new(format!("the image will not say which commit it is of: {error}"));
        session.progress.report(&report.help(error.help()), Level::WARNING);
        Provenance::default()
    });
    let base = name_of(base).filter(|base| !base.repository.is_on_loopback()).map(|base| base.to_string());
    let told = [("version", Some(tag.to_string())), ("revision", revision), ("source", source), ("base.name", base)];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| (format!("org.opencontainers.image.{name}"), value)).collect()
}

/// Returns what a base is called: that of a layout, as it was recorded when it was carried there.
fn name_of(base: &Base) -> Option<Reference> {
    match base {
        Base::Registry(reference) => Some(reference.clone()),
        Base::Local(place) => Layout::open(place).ok()?.name()?.parse().ok(),
    }
}

/// Returns what the image would be called in its registry, when the project is for one.
///
/// # Errors
/// When what is said of the registry names none.
pub(super) fn full_name(plan: &Plan, args: &ImageArgs) -> Result<Option<Reference>, Failure> {
    if args.registry_url.is_none() && plan.project.config.registry.is_none() {
        return Ok(None);
    }
    Ok(Some(repository(&plan.project, args)?.tagged(&plan.tag)))
}

/// Returns the image's name before it is pinned, as far as the project tells.
pub(super) fn image_name(project: &Project, tag: &Tag) -> String {
    let config = &project.config;
    match &config.registry {
        Some(registry) => format!("{}/{}:{tag}", registry.url.trim_end_matches('/'), image(config)),
        None => format!("{}:{tag}", config.dag_id),
    }
}
