//! What to try when an index is of no use.

use pep508_rs::PackageName;
use url::Url;

use super::error::is_full;
use super::{IndexError, PYPI};

impl IndexError {
    /// Returns what to try for several projects that no source has, of which this is the first.
    pub(in crate::packages) fn help_for(&self, names: &[&PackageName]) -> Option<String> {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        match self {
            Self::NoSuchProject { asked, .. } if !asked.is_empty() => Some(not_there(&names.join(", "), asked)),
            _ => self.help(),
        }
    }

    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchProject { asked, .. } if asked.is_empty() => {
                "name one: `--index-url URL`, or with --no-index `--find-links DIR`".to_owned()
            }
            Self::NoSuchProject { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Self::NoSuchProject { name, .. } => return self.help_for(&[name]),
            Self::NoFiles { name, url } => format!(
                "a mirror may have the page before the files: tell who runs {}, or name another index that has \
                 `{name}`: `--index-url URL`",
                host(url)
            ),
            Self::Denied { presented: false, url, .. } => give_credentials(url),
            Self::Denied { presented: true, url, .. } => {
                format!("check user and password, in the index's URL or in ~/.netrc under {}", host(url))
            }
            Self::Missing { .. } => "run it again with a fresh list: `leoflow cache prune --all`; if it is a mirror, \
                                     tell who runs it"
                .to_owned(),
            Self::Status { status: 429, .. } => "wait a while; a mirror of your own has no such limit".to_owned(),
            Self::Status { url, .. } => format!("try again later, or name another index than {}", host(url)),
            Self::Unreachable { host, cause, .. } => cause
                .certificate_help(host)
                .unwrap_or_else(|| format!("check the name {host} and the network; behind a proxy, set HTTPS_PROXY")),
            Self::Proxy { host, error, .. } => error.help(host),
            Self::Certificate { error, .. } => error.help(),
            Self::Interrupted { .. } | Self::Idle { .. } | Self::Slow { .. } => {
                "run it again: what has arrived of a wheel is not downloaded again".to_owned()
            }
            Self::Offline { .. } => "run it once without --offline, or give a directory of wheels: `--no-index \
                                     --find-links DIR`"
                .to_owned(),
            Self::NotHere { file, flag, .. } => {
                format!("put `{file}` into a directory, and give that with `--find-links DIR`; or leave {flag} out")
            }
            Self::PlainHttp { host, .. } => {
                format!("use https; if you trust the network to {host}: `--trusted-host {host}`")
            }
            Self::LoginPage { url, .. } => give_credentials(url),
            Self::NoIndex { .. } => "name the index's simple API, as pip wants it: most end in `/simple/`".to_owned(),
            Self::WrongDigest { place, .. } => format!(
                "do not install it: have whoever runs {} look; if the file was replaced on purpose, lock again",
                host(place)
            ),
            Self::WrongSize { .. } => {
                "run it again; if it stays, run `leoflow lock` again, or tell who runs the index".to_owned()
            }
            Self::Metadata { .. } | Self::Lies { .. } => {
                "ask for another version of the package, or tell who made the wheel".to_owned()
            }
            Self::Disk { error, .. } if is_full(error) => {
                "free space there, e.g. with `leoflow cache prune`, and run it again: what has arrived is kept"
                    .to_owned()
            }
            Self::Read { path, .. } | Self::Disk { path, .. } => {
                format!("make `{}` something that you can read and write", path.display())
            }
            Self::Setup(_) | Self::Redirect { .. } | Self::TooMuch { .. } => return None,
        })
    }
}

/// An index that has nothing of a name may be one at another URL: its page for people, say, instead of its simple API.
fn not_there(names: &str, asked: &[String]) -> String {
    let other = format!("check the spelling of {names}, or name the index to ask: `--index-url URL`");
    match asked.iter().find(|place| *place != PYPI && Url::parse(place).is_ok()) {
        Some(index) => format!(
            "{index} has nothing of that name: is this the URL of its simple API, as pip wants it (most end in \
             `/simple/`)? If it is, {other}"
        ),
        None if asked.iter().any(|place| place == PYPI) => other,
        None => format!("put wheels of {names} there, or name the index to ask: `--index-url URL`"),
    }
}

fn give_credentials(url: &str) -> String {
    let host = host(url);
    format!("add a line to ~/.netrc: `machine {host} login USER password PASSWORD`")
}

/// Returns the host of a URL that is shown.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| url.to_owned())
}
