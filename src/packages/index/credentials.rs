//! Who we are to an index: what stood in its URL, or what netrc says of its host.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use url::Url;

use crate::secret::Secret;

/// A user and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password, or a token.
    pub password: Secret,
}

/// Who we are to which server. Nothing is presented to a server that is not named here.
#[derive(Debug, Clone, Default)]
pub struct IndexCredentials {
    /// By the URL that they came with, without them.
    urls: Vec<(Url, Login)>,
    /// By host, from netrc.
    machines: Vec<(String, Login)>,
}

impl Login {
    /// Returns the header that presents it (RFC 7617).
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let both = format!("{}:{}", self.user, self.password.expose());
        let mut header = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(both))).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl IndexCredentials {
    /// Takes user and password out of `url`, for everything of the same origin.
    #[must_use]
    pub fn take(&mut self, mut url: Url) -> Url {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = Login {
            user: decoded(url.username()),
            password: Secret::new(url.password().map(decoded).unwrap_or_default()),
        };
        // Only a URL without a host refuses these, and then there is nothing to take.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if !login.user.is_empty() || !login.password.expose().is_empty() {
            self.urls.push((url.clone(), login));
        }
        url
    }

    /// Adds what a netrc file says of hosts. Its `default` is passed over: nothing is sent to hosts that nobody named.
    pub fn add_netrc(&mut self, text: &str) {
        self.machines.extend(super::netrc::parse(text));
    }

    /// Returns who we are to the server of `url`: by the URL that begins it, by its origin, or by its host.
    pub(super) fn login_for(&self, url: &Url) -> Option<&Login> {
        let same = |other: &&(Url, Login)| other.0.origin() == url.origin();
        let begins = |other: &&(Url, Login)| url.path().starts_with(other.0.path().trim_end_matches('/'));
        let closest = self.urls.iter().filter(same).filter(begins).max_by_key(|(other, _)| other.path().len());
        let of_url = closest.or_else(|| self.urls.iter().find(same)).map(|(_, login)| login);
        of_url.or_else(|| self.machine(url.host_str()?))
    }

    fn machine(&self, host: &str) -> Option<&Login> {
        self.machines.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)).map(|(_, login)| login)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn credentials_are_for_the_origin_that_they_came_with() {
        let mut credentials = IndexCredentials::default();
        let one = credentials.take(url("https://ada:s%40same@pypi.corp/one/simple/"));
        assert_eq!(one.as_str(), "https://pypi.corp/one/simple/");
        let _ = credentials.take(url("https://bob@pypi.corp/two/simple"));
        credentials.add_netrc("machine files.corp login eve password hush\ndefault login any password thing");
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = credentials.login_for(&url(text));
            assert_eq!(found.map(|login| (&*login.user, login.password.expose())), expected, "{text}");
        };
        check("https://pypi.corp/one/simple/numpy/", Some(("ada", "s@same")));
        check("https://pypi.corp/two/simple/numpy/", Some(("bob", "")));
        check("https://pypi.corp/files/numpy.whl", Some(("ada", "s@same")));
        check("https://files.corp/numpy.whl", Some(("eve", "hush")));
        for other in ["http://pypi.corp/one/", "https://pypi.corp:8443/one/", "https://pypi.corp.evil/one/"] {
            check(other, None);
        }
        assert!(!format!("{credentials:?}").contains("hush"));
    }
}
