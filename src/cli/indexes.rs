//! Where packages are: flags, variables, `~/.leoflow/config.yaml` and pip's files into one list of sources.
//!
//! Each key is taken from the first place that says it (`docs/packages.md`). The indexes are asked in the order of
//! `--extra-index-url`, then `--index-url`; PyPI, where anybody can take a name, is always the last.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::args::IndexArgs;
use super::exit::Exit;
use super::pip_conf;
use super::report::{Failure, Report};
use super::session::Session;
use crate::cache::Cache;
use crate::packages::index::{FindLinks, IndexCredentials, IndexOptions, Observer, PYPI, Sources};
use crate::project::{ConfigFault, Field, read_key};
use crate::source::{SourceFile, read_regular};

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

/// What all places together say.
#[derive(Debug, Default)]
struct Gathered {
    sources: Sources,
    credentials: IndexCredentials,
    trusted_hosts: Vec<String>,
    authorities: Option<PathBuf>,
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
    let mut places = vec![of_flags(args), of_variables(&variable), session.settings.indexes.clone()];
    places.extend(pip_conf::files(&variable, environment.home.clone()).iter().filter_map(|file| of_pip(file)));
    let mut gathered = Gathered::of(merged(places), &variable, &environment.directory)?;
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

/// Reads our own variables, uv's and pip's, in this order.
fn of_variables(variable: Lookup<'_>) -> IndexSettings {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let of = |program: &str| {
        let value = |name: &str| variable(&format!("{program}_{name}"));
        let list = |name: &str| value(name).map(words);
        IndexSettings {
            index_url: value("INDEX_URL"),
            extra_index_url: list("EXTRA_INDEX_URL"),
            find_links: list("FIND_LINKS"),
            no_index: value("NO_INDEX").map(|text| pip_conf::is_true(&text)),
            trusted_host: list("TRUSTED_HOST"),
            authorities: None,
        }
    };
    let authorities = variable("PIP_CERT").or_else(|| variable("REQUESTS_CA_BUNDLE")).map(PathBuf::from);
    merged(vec![of("LEOFLOW"), of_uv(variable, of("UV")), IndexSettings { authorities, ..of("PIP") }])
}

/// uv has names of its own for some, and commas between directories.
fn of_uv(variable: Lookup<'_>, usual: IndexSettings) -> IndexSettings {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let indexes =
        variable("UV_INDEX").map(|text| text.split_whitespace().map(|i| of_name(variable, i)).collect::<Vec<_>>());
    let extra = indexes.into_iter().flatten().chain(usual.extra_index_url.into_iter().flatten()).collect::<Vec<_>>();
    IndexSettings {
        index_url: variable("UV_DEFAULT_INDEX").map(|index| of_name(variable, &index)).or(usual.index_url),
        extra_index_url: (!extra.is_empty()).then_some(extra),
        find_links: variable("UV_FIND_LINKS").map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()),
        trusted_host: variable("UV_INSECURE_HOST").map(words),
        ..usual
    }
}

/// Reads `name=https://…`; `UV_INDEX_NAME_USERNAME` and `_PASSWORD` say who we are to it.
fn of_name(variable: Lookup<'_>, text: &str) -> String {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let Some((name, url)) = text.split_once('=').filter(|(name, _)| is_name(name)) else { return text.to_owned() };
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let value = |what: &str| variable(&format!("UV_INDEX_{name}_{what}"));
    let Ok(mut full) = Url::parse(url) else { return url.to_owned() };
    if let (Some(user), true) = (value("USERNAME"), full.username().is_empty()) {
        // Only a URL without a host refuses these, and such a one is refused later.
        let _ = full.set_username(&user);
        let _ = full.set_password(value("PASSWORD").as_deref());
    }
    full.into()
}

/// A file that cannot be read is pip's to complain about.
fn of_pip(file: &Path) -> Option<IndexSettings> {
    let text = read_regular(file, FILE_LIMIT).ok()?;
    Some(pip_conf::parse(&String::from_utf8_lossy(&text)))
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

impl Gathered {
    fn of(settings: IndexSettings, variable: Lookup<'_>, directory: &Path) -> Result<Self, Failure> {
        let mut gathered = Self {
            trusted_hosts: settings.trusted_host.unwrap_or_default(),
            authorities: settings.authorities,
            ..Self::default()
        };
        for text in settings.find_links.unwrap_or_default() {
            gathered.add_links(&text, variable, directory)?;
        }
        if settings.no_index == Some(true) {
            return Ok(gathered);
        }
        let last = settings.index_url.unwrap_or_else(|| PYPI.to_owned());
        for text in settings.extra_index_url.unwrap_or_default().iter().chain([&last]) {
            gathered.add_index(text, directory)?;
        }
        gathered.sources.indexes.sort_by_key(is_public);
        Ok(gathered)
    }

    fn add_index(&mut self, text: &str, directory: &Path) -> Result<(), Failure> {
        let url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => url,
            Err(_) if !text.contains("://") => {
                let path = directory.join(text);
                Url::from_directory_path(&path).map_err(|()| no_index(&path.display().to_string()))?
            }
            Ok(url) => return Err(no_index(&format!("{}://…", url.scheme()))),
            // It may hold a password.
            Err(error) => return Err(no_index(&format!("…` ({error}) `"))),
        };
        let url = self.credentials.take(url);
        if !self.sources.indexes.contains(&url) {
            self.sources.indexes.push(url);
        }
        Ok(())
    }

    fn add_links(&mut self, text: &str, variable: Lookup<'_>, directory: &Path) -> Result<(), Failure> {
        let links = match Url::parse(text) {
            Ok(url) if url.scheme() == "file" => FindLinks::Directory(url.to_file_path().map_err(|()| no_index(text))?),
            Ok(url) if matches!(url.scheme(), "http" | "https") => FindLinks::Page(self.credentials.take(url)),
            _ => FindLinks::Directory(directory.join(below_home(text, variable))),
        };
        if !self.sources.find_links.contains(&links) {
            self.sources.find_links.push(links);
        }
        Ok(())
    }
}

fn below_home(text: &str, variable: Lookup<'_>) -> PathBuf {
    match (text.strip_prefix("~/"), variable("HOME")) {
        (Some(below), Some(home)) => Path::new(&home).join(below),
        _ => PathBuf::from(text),
    }
}

/// Returns whether anybody can take a name there.
fn is_public(index: &Url) -> bool {
    matches!(index.host_str(), Some("pypi.org" | "pypi.python.org" | "test.pypi.org"))
}

fn no_index(text: &str) -> Failure {
    Failure::usage(format!("`{text}` is no package index"), "write it like `https://pypi.example.com/simple/`")
}

/// Reads `packages:` of the settings in `file`, whose text is `text`.
///
/// # Errors
/// With everything that means nothing, by line; the lines themselves are not repeated, since a token may be near.
pub(super) fn read(file: &Path, text: String) -> Result<IndexSettings, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text });
    let directory = file.parent().unwrap_or(Path::new("."));
    let found = read_key(&source, "packages", |field| section(field, directory).unwrap_or_default());
    found.map(Option::unwrap_or_default).map_err(|faults| {
        let report = |fault: &ConfigFault| {
            let (line, column) = fault.span.position();
            let message = format!("`{}`, line {line}, column {column}: {}", file.display(), fault.message);
            Report::new(message).help(fault.help.clone())
        };
        Failure { exit: Exit::Usage, reports: faults.iter().map(report).collect() }
    })
}

fn section(field: &Field<'_>, directory: &Path) -> Option<IndexSettings> {
    let mut keys = field.section()?;
    let mut list = |key| keys.get(key).map(|field| field.items().iter().filter_map(Field::string).collect::<Vec<_>>());
    let (extra_index_url, find_links, trusted_host) =
        (list("extra-index-url"), list("find-links"), list("trusted-host"));
    let settings = IndexSettings {
        index_url: keys.get("index-url").and_then(|field| field.string()),
        extra_index_url,
        find_links: find_links.map(|links| links.iter().map(|text| beside(text, directory)).collect()),
        no_index: keys.get("no-index").and_then(|field| field.bool()),
        trusted_host,
        authorities: None,
    };
    keys.end();
    Some(settings)
}

/// Paths are relative to the file that they stand in.
fn beside(text: &str, directory: &Path) -> String {
    let is_path = !text.contains("://") && !text.starts_with("~/");
    if is_path { directory.join(text).display().to_string() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(flags: IndexSettings, variables: &[(&str, &str)], files: &[IndexSettings]) -> Gathered {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        let places = [&[flags, of_variables(&variable)], files].concat();
        Gathered::of(merged(places), &variable, Path::new("/d")).unwrap_or_else(|_| panic!("{variables:?}"))
    }

    fn indexes(gathered: &Gathered) -> Vec<&str> {
        gathered.sources.indexes.iter().map(Url::as_str).collect()
    }

    #[test]
    fn each_key_is_taken_from_the_first_place_that_says_it() {
        let flag = || IndexSettings { index_url: Some("https://flag/".into()), ..IndexSettings::default() };
        let file = || IndexSettings {
            index_url: Some("https://file/".into()),
            no_index: Some(true),
            ..IndexSettings::default()
        };
        let none = IndexSettings::default;
        let check = |flags: IndexSettings, variables: &[(&str, &str)], files: &[IndexSettings], expected: &[&str]| {
            assert_eq!(indexes(&gathered(flags, variables, files)), expected, "{variables:?}");
        };
        check(none(), &[], &[], &[PYPI]);
        check(none(), &[], &[file()], &[]);
        check(flag(), &[("PIP_NO_INDEX", "1")], &[file()], &["https://flag/"]);
        let all =
            [("PIP_INDEX_URL", "https://p/"), ("UV_INDEX_URL", "https://u/"), ("LEOFLOW_INDEX_URL", "https://l/")];
        check(none(), &all, &[file()], &["https://l/"]);
        check(none(), &all[..2], &[file()], &["https://u/"]);
        check(none(), &all[..1], &[file()], &["https://p/"]);
        check(none(), &[("UV_DEFAULT_INDEX", "a=https://d/"), all[1]], &[], &["https://d/"]);
        check(none(), &[("UV_NO_INDEX", "true")], &[], &[]);
        check(none(), &[("PIP_NO_INDEX", "0")], &[], &[PYPI]);
        check(none(), &[("PIP_INDEX_URL", "mirror")], &[], &["file:///d/mirror/"]);
    }

    #[test]
    fn pypi_is_asked_last() {
        let check = |variables: &[(&str, &str)], expected: &[&str]| {
            assert_eq!(indexes(&gathered(IndexSettings::default(), variables, &[])), expected, "{variables:?}");
        };
        check(&[("PIP_EXTRA_INDEX_URL", "https://a/ https://b/")], &["https://a/", "https://b/", PYPI]);
        check(&[("PIP_EXTRA_INDEX_URL", PYPI), ("PIP_INDEX_URL", "https://a/")], &["https://a/", PYPI]);
        check(
            &[("UV_INDEX", "n=https://a/"), ("UV_EXTRA_INDEX_URL", "https://b/")],
            &["https://a/", "https://b/", PYPI],
        );
        check(&[("PIP_EXTRA_INDEX_URL", PYPI)], &[PYPI]);
    }

    #[test]
    fn directories_and_pages_are_told_apart() {
        let links = |variable, text| gathered(IndexSettings::default(), &[(variable, text), ("HOME", "/h")], &[]);
        let found = links("PIP_FIND_LINKS", "wheels ~/w file:///x https://a:b@p/").sources.find_links;
        let directory = |path: &str| FindLinks::Directory(path.into());
        let page = FindLinks::Page(Url::parse("https://p/").unwrap());
        assert_eq!(found, [directory("/d/wheels"), directory("/h/w"), directory("/x"), page]);
        assert_eq!(links("UV_FIND_LINKS", "/a,/b").sources.find_links, [directory("/a"), directory("/b")]);
    }

    #[test]
    fn a_password_stays_out_of_everything() {
        let variables = [
            ("UV_INDEX", "my-own=https://x/simple"),
            ("UV_INDEX_MY_OWN_USERNAME", "ada"),
            ("UV_INDEX_MY_OWN_PASSWORD", "sesame"),
            ("PIP_INDEX_URL", "https://bob:sesame@y/"),
        ];
        let found = gathered(IndexSettings::default(), &variables, &[]);
        assert_eq!(indexes(&found), ["https://x/simple", "https://y/"]);
        assert!(!format!("{found:?}").contains("sesame"));
        for text in ["ftp://ada:sesame@x/", "https://ada:sesame@x:99999/"] {
            let refused = Gathered::default().add_index(text, Path::new("/")).unwrap_err();
            assert!(!format!("{:?}", refused.reports).contains("sesame"));
        }
    }

    #[test]
    fn settings_are_read_with_their_paths() {
        let text = "server_url: x\npackages:\n  index-url: https://a/simple\n  extra-index-url: [https://b/]\n  \
                    find-links: [wheels, /w]\n  no-index: false\n  trusted-host: [c]\n";
        let found = read(Path::new("/h/.leoflow/config.yaml"), text.to_owned()).unwrap_or_else(|_| panic!());
        assert_eq!(found.find_links, Some(vec!["/h/.leoflow/wheels".into(), "/w".into()]));
        assert_eq!((found.no_index, found.index_url.as_deref()), (Some(false), Some("https://a/simple")));
        assert_eq!(found.extra_index_url, Some(vec!["https://b/".into()]));
        assert!(read(Path::new("/c"), "packages:\n  index: x\n".to_owned()).is_err());
    }
}
