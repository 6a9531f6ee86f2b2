//! Where a project comes from, as an image's annotations tell it (OCI image-spec, annotations.md).

use url::Url;

use super::Project;
use super::version::{Git, VersionError};

/// The commit and the repository that a project is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The whole commit; `None` outside git, and when the work tree is not what was committed.
    pub revision: Option<String>,
    /// The https URL of the repository, the same whoever cloned it and however.
    pub source: Option<String>,
}

/// Asks the git repository around a project where it comes from.
///
/// # Errors
/// When there is a repository, but git is missing or fails.
pub fn provenance(project: &Project) -> Result<Provenance, VersionError> {
    let Some(git) = Git::of(&project.root) else { return Ok(Provenance::default()) };
    let commit = git.run(&["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"])?;
    // `remote get-url` would apply the user's own rewriting.
    let remote = git.run(&["config", "--local", "--get", "remote.origin.url"])?;
    Ok(Provenance {
        revision: commit.ok().filter(|commit| !commit.ends_with("-dirty")),
        source: remote.ok().and_then(|remote| public_url(&remote)),
    })
}

/// Returns a remote as everybody may see it: `git@host:org/name.git`, `ssh://…` and `https://token@…` are one
/// repository. A path on this machine says nothing to others.
fn public_url(remote: &str) -> Option<String> {
    let (host, path) = match Url::parse(remote) {
        Ok(url) if ["https", "http", "ssh", "git"].contains(&url.scheme()) => {
            let port = url.port().filter(|_| url.scheme().starts_with("http"));
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            (format!("{}{port}", url.host_str()?), url.path().to_owned())
        }
        _ => scp_like(remote)?,
    };
    let path = path.trim_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("https://{host}/{path}"))
}

/// Reads `[user@]host:path` (git-clone(1), "GIT URLS").
fn scp_like(remote: &str) -> Option<(String, String)> {
    let (host, path) = remote.split_once(':')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (host.len() > 1 && host.chars().all(is_name) && !path.starts_with("//")).then(|| (host.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_url_however_it_was_cloned_and_no_secret_in_it() {
        let check = |remote: &str, expected: Option<&str>| {
            assert_eq!(public_url(remote).as_deref(), expected, "{remote}");
        };
        let expected = Some("https://github.com/org/etl");
        for remote in [
            "https://github.com/org/etl.git",
            "https://github.com/org/etl/",
            "https://user:ghp_secret@github.com/org/etl.git",
            "git@github.com:org/etl.git",
            "github.com:org/etl",
            "ssh://git@github.com/org/etl.git",
            "ssh://git@github.com:22/org/etl.git",
            "git://github.com/org/etl.git",
        ] {
            check(remote, expected);
        }
        check("https://git.example.com:8443/team/etl.git", Some("https://git.example.com:8443/team/etl"));
        for remote in
            ["/srv/git/etl.git", "../etl", "file:///srv/git/etl.git", "C:\\git\\etl", "", "https://github.com"]
        {
            check(remote, None);
        }
    }
}
