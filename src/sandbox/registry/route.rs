//! Paths of the distribution specification. Repository names hold slashes, so paths are read from their end.

use crate::reference::Repository;

use super::fault::Fault;

/// What a path addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Root,
    /// `/v2/<name>/tags/list`
    Tags { name: String },
    /// `/v2/<name>/referrers/<digest>`
    Referrers { name: String, digest: String },
    /// `/v2/<name>/manifests/<reference>`
    Manifest { name: String, reference: String },
    /// `/v2/<name>/blobs/<digest>`
    Blob { name: String, digest: String },
    /// `/v2/<name>/blobs/uploads/`
    Uploads { name: String },
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload { name: String, id: String },
}

impl Route {
    /// Reads a path.
    pub(super) fn parse(path: &str) -> Result<Self, Fault> {
        // Some clients escape the colon of a digest; nothing else in these paths needs escaping.
        let path = path.replace("%3A", ":").replace("%3a", ":");
        let Some(rest) = path.strip_prefix("/v2") else { return Err(Fault::no_such_route()) };
        if rest.is_empty() || rest == "/" {
            return Ok(Self::Root);
        }
        let segments: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
        match segments[..] {
            [ref name @ .., "tags", "list"] => Ok(Self::Tags { name: repository(name)? }),
            [ref name @ .., "blobs", "uploads"] | [ref name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads { name: repository(name)? })
            }
            [ref name @ .., "blobs", "uploads", id] => Ok(Self::Upload { name: repository(name)?, id: id.to_owned() }),
            [ref name @ .., "blobs", digest] => Ok(Self::Blob { name: repository(name)?, digest: digest.to_owned() }),
            [ref name @ .., "manifests", reference] => {
                Ok(Self::Manifest { name: repository(name)?, reference: reference.to_owned() })
            }
            [ref name @ .., "referrers", digest] => {
                Ok(Self::Referrers { name: repository(name)?, digest: digest.to_owned() })
            }
            _ => Err(Fault::no_such_route()),
        }
    }
}

fn repository(segments: &[&str]) -> Result<String, Fault> {
    let name = segments.join("/");
    if is_repository(&name) { Ok(name) } else { Err(Fault::name_invalid(format!("`{name}` cannot name a repository"))) }
}

/// Says whether `name` may name a repository (distribution-spec, "Pulling manifests").
pub(super) fn is_repository(name: &str) -> bool {
    format!("127.0.0.1:1/{name}").parse::<Repository>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Route) {
        assert_eq!(Route::parse(path).ok(), Some(expected), "{path}");
    }

    #[test]
    fn paths_are_read_from_their_end() {
        let name = || "a/b".to_owned();
        check("/v2", Route::Root);
        check("/v2/", Route::Root);
        check("/v2/a/b/tags/list", Route::Tags { name: name() });
        check("/v2/a/b/blobs/uploads/", Route::Uploads { name: name() });
        check("/v2/a/b/blobs/uploads", Route::Uploads { name: name() });
        check("/v2/a/b/blobs/uploads/7", Route::Upload { name: name(), id: "7".into() });
        check("/v2/a/b/blobs/sha256%3A1", Route::Blob { name: name(), digest: "sha256:1".into() });
        check("/v2/a/b/manifests/v1", Route::Manifest { name: name(), reference: "v1".into() });
        check("/v2/a/b/referrers/sha256:1", Route::Referrers { name: name(), digest: "sha256:1".into() });
        check("/v2/blobs/manifests/tags/list", Route::Tags { name: "blobs/manifests".into() });
    }

    #[test]
    fn what_is_no_path_of_the_specification_is_refused() {
        for path in ["/", "/v3/", "/v2/manifests/v1", "/v2/A/manifests/v1", "/v2/a/../manifests/v1", "/v2/a//tags/list"]
        {
            assert!(Route::parse(path).is_err(), "{path}");
        }
    }
}
