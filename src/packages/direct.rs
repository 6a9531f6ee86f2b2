//! Direct references to wheels: `name @ https://host/name-1.0-py3-none-any.whl#sha256=…` (PEP 508; PyPA specification
//! "Direct URL Data Structure").
//!
//! The hash pins the bytes, the file's name the version. Nothing else can be installed of a URL: nothing is built, and
//! what has no hash may be something else tomorrow.

use pep440_rs::{VersionSpecifier, VersionSpecifiers};
use pep508_rs::{Requirement, VersionOrUrl};
use url::Url;

use super::wheel::WheelName;
use crate::layers::Digest;
pub(super) use crate::project::requirement::WAYS_OUT;

/// A wheel that is required by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectWheel {
    /// The name of its file.
    pub name: WheelName,
    /// Where it is, without the hash.
    pub url: Url,
    /// The sha256 of its bytes.
    pub sha256: Digest,
}

/// Why a direct reference is refused, and what to do.
pub(super) type Refusal = (String, String);

/// Returns the wheel that a requirement names by its URL, nothing where it names none.
///
/// # Errors
/// When the URL leads to something else than one certain wheel of that package.
pub(super) fn wheel(requirement: &Requirement) -> Result<Option<DirectWheel>, Refusal> {
    let Some(VersionOrUrl::Url(url)) = &requirement.version_or_url else { return Ok(None) };
    let (sha256, mut url) = (url.fragment().and_then(sha256), url.to_url());
    check_scheme(&url)?;
    let name = name(requirement, &url)?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err((
            "its URL has a password or a query, which would stand in lock and image".to_owned(),
            "put user and password into ~/.netrc, and the wheel where its URL needs no query".to_owned(),
        ));
    }
    url.set_fragment(None);
    match sha256 {
        Some(sha256) => Ok(Some(DirectWheel { name, url, sha256 })),
        None => Err(unpinned(&url)),
    }
}

/// Returns a requirement as the resolver takes it: in place of a URL, the one version that is there.
pub(super) fn pinned(requirement: &Requirement) -> Requirement {
    let version = wheel(requirement).ok().flatten().map(|wheel| wheel.name.version);
    let specifiers = version.map(|version| VersionSpecifiers::from(VersionSpecifier::equals_version(version)));
    match specifiers {
        Some(specifiers) => {
            Requirement { version_or_url: Some(VersionOrUrl::VersionSpecifier(specifiers)), ..requirement.clone() }
        }
        None => requirement.clone(),
    }
}

fn check_scheme(url: &Url) -> Result<(), Refusal> {
    let message = match url.scheme() {
        "http" | "https" => return Ok(()),
        "file" => "packages come from an index or a URL, not from a path",
        scheme if scheme.contains('+') => "it would have to be built from a repository, and nothing is built",
        _ => "a wheel is had over https, and no other way",
    };
    Err((message.to_owned(), WAYS_OUT.to_owned()))
}

/// Returns the name of the wheel at `url`, which must be one of the package.
fn name(requirement: &Requirement, url: &Url) -> Result<WheelName, Refusal> {
    let last = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let file = percent_encoding::percent_decode_str(last).decode_utf8_lossy();
    if !file.ends_with(".whl") {
        let message = "its URL leads to no wheel, and nothing is built: packages come from an index or as wheels";
        return Err((message.to_owned(), WAYS_OUT.to_owned()));
    }
    let name: WheelName = file.parse().map_err(|error| (format!("{error}"), WAYS_OUT.to_owned()))?;
    if name.name == requirement.name {
        return Ok(name);
    }
    let message = format!("its URL leads to a wheel of `{}`", name.name);
    Err((message, format!("require what it is: `{} @ URL`", name.name)))
}

fn sha256(fragment: &str) -> Option<Digest> {
    let hex = fragment.split('&').find_map(|part| part.strip_prefix("sha256="))?;
    format!("sha256:{}", hex.to_ascii_lowercase()).parse().ok()
}

fn unpinned(url: &Url) -> Refusal {
    let help = format!(
        "append the sha256 that its publisher states, `{url}#sha256=HEX`; `curl -sSL {url} | sha256sum` tells that of \
         what is there now"
    );
    ("its URL has no `#sha256=…`, and what a URL leads to may be something else tomorrow".to_owned(), help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::requirements::read;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn found(url: &str) -> Result<Option<DirectWheel>, Refusal> {
        wheel(&read(&format!("demo-pkg @ {url}")).unwrap())
    }

    #[test]
    fn a_wheel_with_its_hash_is_certain() {
        for file in ["demo_pkg-1.0%2Bcpu-py3-none-any.whl", "Demo.Pkg-1.0+cpu-py3-none-any.whl"] {
            for fragment in [format!("sha256={HEX}"), format!("egg=x&sha256={}", HEX.to_uppercase())] {
                let direct = found(&format!("https://h/a/{file}#{fragment}")).unwrap().unwrap();
                assert_eq!((direct.name.version.to_string(), direct.sha256.hex()), ("1.0+cpu".into(), HEX.into()));
                assert_eq!(direct.url.as_str(), format!("https://h/a/{file}"));
            }
        }
        assert_eq!(wheel(&read("demo-pkg==1").unwrap()), Ok(None));
    }

    #[test]
    fn what_is_not_certain_is_refused_with_what_to_do() {
        let check = |url: &str, message: &str, help: &str| {
            let (found, helps) = found(url).expect_err(url);
            assert!(found.contains(message) && helps.contains(help), "{url}: {found}: {helps}");
        };
        let wheel = "demo_pkg-1.0-py3-none-any.whl";
        check(&format!("https://h/{wheel}"), "no `#sha256=…`", &format!("`https://h/{wheel}#sha256=HEX`"));
        check(&format!("https://h/{wheel}#sha256=12"), "no `#sha256=…`", "sha256sum");
        check(&format!("https://h/{wheel}#md5={}", &HEX[..32]), "no `#sha256=…`", "sha256sum");
        check(&format!("https://u:p@h/{wheel}#sha256={HEX}"), "password or a query", "netrc");
        check(&format!("https://h/{wheel}?a=b#sha256={HEX}"), "password or a query", "needs no query");
        check(&format!("https://h/other-1.0-py3-none-any.whl#sha256={HEX}"), "a wheel of `other`", "`other @ URL`");
        check(&format!("https://h/demo_pkg-1.0.tar.gz#sha256={HEX}"), "leads to no wheel", "Four ways out");
        check(&format!("https://h/demo_pkg-py3.whl#sha256={HEX}"), "not the name of a wheel", "Four ways out");
        check(&format!("git+https://h/demo@v1#sha256={HEX}"), "built from a repository", "Four ways out");
        check(&format!("file:///w/{wheel}#sha256={HEX}"), "not from a path", "Four ways out");
        check(&format!("ftp://h/{wheel}#sha256={HEX}"), "over https", "Four ways out");
    }

    #[test]
    fn the_resolver_takes_the_version_of_the_file() {
        let requirement = read(&format!("demo-pkg[x] @ https://h/demo_pkg-1.0rc1-py3-none-any.whl#sha256={HEX}"));
        assert_eq!(pinned(&requirement.unwrap()).to_string(), "demo-pkg[x]==1.0rc1");
        assert_eq!(pinned(&read("demo-pkg>=2").unwrap()).to_string(), "demo-pkg>=2");
    }
}
