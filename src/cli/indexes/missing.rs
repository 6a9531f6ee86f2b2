//! Directories that a flag or a variable names and that are not there: mostly URLs whose scheme was forgotten.
//!
//! What files of settings name is left alone: they are for all projects, and may name what another one needs.

use std::path::{Path, PathBuf};

use url::Url;

use super::gathered::below_home;
use super::{IndexSettings, Lookup};
use crate::cli::report::Failure;
use crate::secret::masked;

/// A flag, and the variables that say the same, in the order in which they count.
struct Key {
    flag: &'static str,
    variables: &'static [&'static str],
    /// What follows the host of such a URL.
    path: &'static str,
}

static INDEX_URL: Key = Key {
    flag: "--index-url",
    variables: &["LEOFLOW_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"],
    path: "simple/",
};

static EXTRA_INDEX_URL: Key = Key {
    flag: "--extra-index-url",
    variables: &["LEOFLOW_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"],
    path: "simple/",
};

static FIND_LINKS: Key =
    Key { flag: "--find-links", variables: &["LEOFLOW_FIND_LINKS", "UV_FIND_LINKS", "PIP_FIND_LINKS"], path: "" };

/// Checks the directories among `settings`, which are all places together.
///
/// # Errors
/// With the first that is not there.
pub(super) fn check(
    settings: &IndexSettings,
    flags: &IndexSettings,
    variable: Lookup<'_>,
    directory: &Path,
) -> Result<(), Failure> {
    let asks = settings.no_index != Some(true);
    for (key, text) in said(settings).filter(|(key, _)| asks || key.flag == FIND_LINKS.flag) {
        let Some(path) = path_of(text, variable, directory) else { continue };
        if let Some(place) = key.place(text, flags, variable)
            && !path.is_dir()
        {
            return Err(missing(key, &place, text));
        }
    }
    Ok(())
}

fn said(settings: &IndexSettings) -> impl Iterator<Item = (&'static Key, &str)> {
    let index = settings.index_url.iter().map(|text| (&INDEX_URL, text.as_str()));
    let extra = settings.extra_index_url.iter().flatten().map(|text| (&EXTRA_INDEX_URL, text.as_str()));
    let links = settings.find_links.iter().flatten().map(|text| (&FIND_LINKS, text.as_str()));
    index.chain(extra).chain(links)
}

impl Key {
    /// Returns the flag or the variable that says `text`; nothing when a file does.
    fn place(&self, text: &str, flags: &IndexSettings, variable: Lookup<'_>) -> Option<String> {
        if said(flags).any(|(key, said)| key.flag == self.flag && said == text) {
            return Some(self.flag.to_owned());
        }
        let says = |name: &&&str| variable(name).is_some_and(|value| value.contains(text));
        self.variables.iter().find(says).map(|name| (*name).to_owned())
    }
}

/// Returns the directory that a text means, unless it is a URL of a server.
fn path_of(text: &str, variable: Lookup<'_>, directory: &Path) -> Option<PathBuf> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().ok(),
        _ if text.contains("://") => None,
        _ => Some(directory.join(below_home(text, variable))),
    }
}

fn missing(key: &Key, place: &str, text: &str) -> Failure {
    let text = masked(text);
    let help = match meant(key, &text) {
        Some(url) => format!("did you mean `{url}`?"),
        None => format!("name a directory that exists, or a URL like `https://pypi.example.com/{}`", key.path),
    };
    Failure::usage(format!("{place} is `{text}`, which is no directory"), help)
}

/// Returns the URL that a text becomes with a scheme, if it begins like a host.
fn meant(key: &Key, text: &str) -> Option<String> {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let is_host = host.contains(['.', ':', '@']) || host == "localhost";
    let path = if path.is_empty() { key.path } else { path };
    (is_host && !host.starts_with('.') && host != "file:").then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::super::merged;
    use super::super::variables::by_program;
    use super::*;

    fn checked(flags: IndexSettings, variables: &[(&str, &str)], file: IndexSettings) -> Result<(), String> {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        let of_variables = by_program(&variable).map(|(_, settings)| settings);
        let settings = merged([std::slice::from_ref(&flags), &of_variables[..], &[file]].concat());
        check(&settings, &flags, &variable, Path::new("/")).map_err(|failure| {
            let report = &failure.reports[0];
            format!("{}; {}", report.message, report.help.as_deref().unwrap_or_default())
        })
    }

    fn links(text: &str) -> IndexSettings {
        IndexSettings { find_links: Some(vec![text.to_owned()]), ..IndexSettings::default() }
    }

    fn index(text: &str) -> IndexSettings {
        IndexSettings { index_url: Some(text.to_owned()), ..IndexSettings::default() }
    }

    #[test]
    fn a_directory_that_is_not_there_is_refused_with_who_names_it() {
        let check = |flags: IndexSettings, variables: &[(&str, &str)], expected: [&str; 3]| {
            let refused = checked(flags, variables, IndexSettings::default()).expect_err(expected[1]);
            assert!(expected.iter().all(|part| refused.contains(part)), "{refused}: {expected:?}");
        };
        let none = IndexSettings::default;
        check(links("nosuch"), &[], ["--find-links is", "`nosuch`", "a directory that exists"]);
        check(links("file:///nosuch"), &[], ["--find-links is", "`file:///nosuch`", "a directory that exists"]);
        check(index("pypi.org"), &[], ["--index-url is", "`pypi.org`", "`https://pypi.org/simple/`?"]);
        check(index("h.example:80/a/"), &[], ["--index-url is", "", "`https://h.example:80/a/`?"]);
        check(index("u:sesame@h/a"), &[], ["--index-url is", "`u:******@h/a`", "https://"]);
        check(none(), &[("PIP_INDEX_URL", "localhost")], ["PIP_INDEX_URL is", "", "`https://localhost/simple/`?"]);
        check(none(), &[("UV_INDEX", "https://h/ a=h.x")], ["UV_INDEX is", "`h.x`", "`https://h.x/simple/`?"]);
        check(none(), &[("UV_FIND_LINKS", "/,/nosuch")], ["UV_FIND_LINKS is", "`/nosuch`", "a directory that exists"]);
    }

    #[test]
    fn what_is_there_or_not_asked_or_of_a_file_is_left_alone() {
        let none = IndexSettings::default;
        assert_eq!(checked(links("tmp"), &[("PIP_FIND_LINKS", "nosuch")], none()), Ok(()));
        assert_eq!(checked(index("https://pypi.org"), &[], links("/nosuch")), Ok(()));
        assert_eq!(checked(none(), &[("PIP_INDEX_URL", "nosuch"), ("PIP_NO_INDEX", "1")], none()), Ok(()));
        assert_eq!(checked(none(), &[("HOME", "/tmp"), ("PIP_FIND_LINKS", "~/ file:///tmp")], none()), Ok(()));
    }
}
