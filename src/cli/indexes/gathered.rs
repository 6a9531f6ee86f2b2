//! What all places together say, as sources in the order in which they are asked, and credentials beside them.

use std::path::{Path, PathBuf};

use url::Url;

use super::{IndexSettings, Lookup};
use crate::cli::report::Failure;
use crate::packages::index::{FindLinks, IndexCredentials, PYPI, Sources};

/// What all places together say.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) sources: Sources,
    pub(super) credentials: IndexCredentials,
    pub(super) trusted_hosts: Vec<String>,
    pub(super) authorities: Option<PathBuf>,
}

impl Gathered {
    pub(super) fn of(settings: IndexSettings, variable: Lookup<'_>, directory: &Path) -> Result<Self, Failure> {
        let mut gathered = Self {
            trusted_hosts: settings.trusted_host.unwrap_or_default(),
            authorities: settings.authorities,
            ..Self::default()
        };
        for text in settings.find_links.unwrap_or_default() {
            gathered.add_links(&text, variable, directory)?;
        }
        if settings.no_index == Some(true) {
            gathered.sources.no_index = true;
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

/// Returns a path as a shell takes it.
pub(super) fn below_home(text: &str, variable: Lookup<'_>) -> PathBuf {
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

#[cfg(test)]
mod tests {
    use super::super::merged;
    use super::super::variables::by_program;
    use super::*;

    fn gathered(flags: IndexSettings, variables: &[(&str, &str)], files: &[IndexSettings]) -> Gathered {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        let variables = by_program(&variable).map(|(_, settings)| settings);
        let places = [&[flags], &variables[..], files].concat();
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
}
