//! URLs that a variable or a file names: who may be spoken to, and how.

use url::Url;

use super::Trouble;
use crate::http::{is_loopback, is_metadata_service};

/// Takes the URL of a token service: https, or this machine, without a user name. `whence` names who says so.
pub(super) fn service_url(text: &str, whence: &str) -> Result<Url, Trouble> {
    let fail = |reason: &str| Trouble::new(format!("use {whence}"), reason);
    let url = Url::parse(text).map_err(|error| fail(&format!("it is not a URL: {error}")))?;
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => Err(fail("it holds a user name")),
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(fail("it is not https")),
    }
}

/// Takes the URL of a metadata service, which plain HTTP may speak to.
pub(super) fn metadata_url(text: &str, whence: &str) -> Result<Url, Trouble> {
    let fail = |reason: String| Trouble::new(format!("use {whence}"), reason);
    let url = Url::parse(text).map_err(|error| fail(format!("it is not a URL: {error}")))?;
    let fine = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if fine { Ok(url) } else { Err(fail("it is not an http URL".to_owned())) }
}

/// Takes the same for a service that may be anywhere: in plain HTTP only where nobody else listens.
pub(super) fn token_source_url(text: &str, whence: &str) -> Result<Url, Trouble> {
    let url = metadata_url(text, whence)?;
    if url.scheme() == "https" || is_loopback(&url) || is_metadata_service(&url) {
        return Ok(url);
    }
    let reason = "it is plain http, and what is sent and answered would be read on the way".to_owned();
    Err(Trouble::new(format!("use {whence}"), reason).helped("name an https URL"))
}
