//! Where packages are: flags, variables, `~/.leoflow/config.yaml` and pip's files into one list of sources.
//!
//! Each key is taken from the first place that says it (`docs/packages.md`). The indexes are asked in the order of
//! `--extra-index-url`, then `--index-url`; PyPI, where anybody can take a name, is always the last.

mod gathered;
mod missing;
mod section;
mod variables;

use std::path::{Path, PathBuf};

use annotate_snippets::Level;
use url::Url;

use super::args::IndexArgs;
use super::pip_conf::{self, PipConf};
use super::report::{Failure, Report};
use super::server::SETTINGS;
use super::session::Session;
use crate::cache::Cache;
use crate::packages::index::{IndexOptions, Observer};
use crate::source::read_regular;
use gathered::Gathered;
pub(super) use section::read;
use variables::by_program;

/// No file of settings is larger, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// What one place says; what it does not say is left to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexSettings {
    /// `--index-url`
    pub index_url: Option<String>,
    /// `--extra-index-url`
    pub extra_index_url: Option<Vec<String>>,
    /// `--find-links`
    pub find_links: Option<Vec<String>>,
    /// `--no-index`
    pub no_index: Option<bool>,
    /// `--trusted-host`
    pub trusted_host: Option<Vec<String>>,
    /// A file of authorities: `PIP_CERT`.
    pub authorities: Option<PathBuf>,
}

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns how package indexes are spoken to.
///
/// # Errors
/// When what is configured means nothing.
pub(super) fn options(
    session: &Session,
    args: &IndexArgs,
    cache: Cache,
    offline: bool,
    observer: Observer,
) -> Result<IndexOptions, Failure> {
    let environment = &session.environment;
    environment.check_authorities()?;
    let variable = |name: &str| environment.variable(name);
    let flags = of_flags(args);
    let others = places(session)?.into_iter().map(|(_, settings)| settings);
    let settings = merged([flags.clone()].into_iter().chain(others).collect());
    missing::check(&settings, &flags, &variable, &environment.directory)?;
    let mut gathered = Gathered::of(settings, &variable, &environment.directory)?;
    if let Some(text) = netrc(&variable, environment.home.as_deref())? {
        gathered.credentials.add_netrc(&text);
    }
    let mut certificates = session.settings.registries.registries.certificates.clone();
    certificates.authorities.extend(gathered.authorities);
    Ok(IndexOptions {
        credentials: gathered.credentials,
        trusted_hosts: gathered.trusted_hosts,
        proxies: environment.proxies(),
        certificates,
        cache,
        offline,
        observer,
        temporary_directory: environment.temporary_directory(),
        ..IndexOptions::new(gathered.sources)
    })
}

/// Returns what each place but the command line says, the strongest first, with the place in words.
///
/// # Errors
/// When one means nothing.
pub(super) fn places(session: &Session) -> Result<Vec<(String, IndexSettings)>, Failure> {
    let environment = &session.environment;
    let variable = |name: &str| environment.variable(name);
    let mut places: Vec<(String, IndexSettings)> = by_program(&variable)
        .into_iter()
        .map(|(program, settings)| (format!("{program}_… variables"), settings))
        .collect();
    places.push((SETTINGS.to_owned(), session.settings.indexes.clone()));
    for file in pip_conf::files(&variable, environment.home.clone()) {
        places.extend(of_pip(session, &file)?.map(|settings| (environment.shown(&file), settings)));
    }
    Ok(places)
}

impl IndexSettings {
    /// Returns what this place says, and what `other` says beyond that. Who names an index wants one to be asked.
    fn or(self, other: Self) -> Self {
        let names = self.index_url.is_some() || self.extra_index_url.is_some();
        Self {
            no_index: self.no_index.or(if names { Some(false) } else { other.no_index }),
            index_url: self.index_url.or(other.index_url),
            extra_index_url: self.extra_index_url.or(other.extra_index_url),
            find_links: self.find_links.or(other.find_links),
            trusted_host: self.trusted_host.or(other.trusted_host),
            authorities: self.authorities.or(other.authorities),
        }
    }
}

fn merged(places: Vec<IndexSettings>) -> IndexSettings {
    places.into_iter().reduce(IndexSettings::or).unwrap_or_default()
}

fn of_flags(args: &IndexArgs) -> IndexSettings {
    let given = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    IndexSettings {
        index_url: args.index_url.clone(),
        extra_index_url: given(&args.extra_index_url),
        find_links: given(&args.find_links),
        no_index: args.no_index.then_some(true),
        trusted_host: given(&args.trusted_host),
        authorities: None,
    }
}

/// Returns what a file of pip says, if there is one. What is not followed is told.
fn of_pip(session: &Session, file: &Path) -> Result<Option<IndexSettings>, Failure> {
    if !file.is_file() {
        return Ok(None);
    }
    let text = read_regular(file, FILE_LIMIT).map_err(|error| {
        let message = format!("`{}`, which may say where packages are, cannot be read: {error}", file.display());
        Failure::usage(message, "make it readable, or set PIP_CONFIG_FILE=/dev/null to have none of pip's files read")
    })?;
    let PipConf { settings, ignored } = pip_conf::parse(file, &text)?;
    for (what, help) in ignored {
        let report = Report::new(format!("`{}`, {what}", file.display()));
        session.progress.report(&report.help(Some(help.to_owned())), Level::WARNING);
    }
    Ok(Some(settings))
}

/// Checks an index that a file names: it is a URL, or a path that looks like one.
///
/// # Errors
/// With what is wrong, without repeating what may hold a password.
pub(super) fn check_index(text: &str) -> Result<(), String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => Ok(()),
        Err(error) if text.contains("://") => Err(format!("this is no URL: {error}")),
        Ok(url) if text.contains("://") => {
            Err(format!("an index is asked by http, https or file, and not by {}", url.scheme()))
        }
        _ if text.starts_with(['/', '.', '~']) => Ok(()),
        _ => Err("this is no URL of an index: `https://` is missing".to_owned()),
    }
}

/// Returns the text of the netrc file that `NETRC` names, or of `~/.netrc` if there is one.
fn netrc(variable: Lookup<'_>, home: Option<&Path>) -> Result<Option<String>, Failure> {
    let named = variable("NETRC").map(PathBuf::from);
    let Some(file) = named.clone().or_else(|| Some(home?.join(".netrc"))) else { return Ok(None) };
    match (read_regular(&file, FILE_LIMIT), named) {
        (Ok(text), _) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        (Err(_), None) => Ok(None),
        (Err(error), Some(_)) => {
            let message = format!("NETRC is `{}`, which cannot be read: {error}", file.display());
            Err(Failure::usage(message, "name a readable file, or unset it"))
        }
    }
}
