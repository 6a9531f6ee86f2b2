//! Which proxy a request goes through: `HTTPS_PROXY` and its like, as values.
//!
//! Loopback and link-local addresses are never asked for through a proxy.

use std::ffi::OsString;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use url::Url;

use super::Cause;
use super::exceptions::Exceptions;
use super::host::{host_and_port, is_loopback, is_metadata_service};

/// Which proxies there are, and what goes past them.
#[derive(Debug, Clone, Default)]
pub struct ProxySettings {
    http: Option<Result<Proxy, ProxyError>>,
    https: Option<Result<Proxy, ProxyError>>,
    exceptions: Exceptions,
}

/// One proxy. Its password is in the header alone, which shows nothing of it.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    /// Without user and password.
    pub(crate) url: Url,
    /// `Proxy-Authorization`, when the URL held a user.
    pub(crate) authorization: Option<HeaderValue>,
    /// The variable that names it.
    variable: &'static str,
}

/// A proxy is in the way. Nothing here holds its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{proxy} (by {variable}) {fault}")]
pub struct ProxyError {
    /// `the proxy http://host:port`.
    pub proxy: String,
    /// The environment variable that names it.
    pub variable: &'static str,
    /// What is wrong.
    pub fault: ProxyFault,
}

/// What is wrong with a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyFault {
    /// It is none that this program can use.
    Unusable(String),
    /// No connection to it came about.
    Unreachable(Cause, Option<String>),
    /// It wants another user and password, or any at all (407).
    Credentials {
        /// Whether some were presented.
        presented: bool,
    },
    /// It does not connect us to the host (the status that it answered `CONNECT` with).
    Refused(u16),
    /// It answered `CONNECT` with something else than HTTP, or with nothing.
    NoProxy,
}

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(reason) => write!(f, "cannot be used: {reason}"),
            Self::Unreachable(cause, None) => write!(f, "cannot be reached: {cause}"),
            Self::Unreachable(cause, Some(reason)) => write!(f, "cannot be reached: {cause} ({reason})"),
            Self::Credentials { presented: false } => f.write_str("wants a user and a password: HTTP 407"),
            Self::Credentials { presented: true } => f.write_str("does not accept its user and password: HTTP 407"),
            Self::Refused(status) => write!(f, "refuses the connection: HTTP {status}"),
            Self::NoProxy => f.write_str("does not answer as a proxy does"),
        }
    }
}

impl ProxyError {
    /// Returns whether it may pass by itself.
    pub(crate) fn is_transient(&self) -> bool {
        match &self.fault {
            ProxyFault::Unreachable(cause, _) => cause.is_transient(),
            ProxyFault::Refused(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// Returns one concrete thing to try to reach `host`.
    #[must_use]
    pub fn help(&self, host: &str) -> String {
        let (proxy, variable) = (&self.proxy, self.variable);
        match &self.fault {
            ProxyFault::Unusable(_) => format!("set {variable} to a URL like `http://proxy.example.com:3128`"),
            ProxyFault::Unreachable(cause, _) => match cause.certificate_help(proxy) {
                Some(help) => help,
                None => format!("check {variable}, or go past the proxy: `NO_PROXY={host}`"),
            },
            ProxyFault::Credentials { .. } => format!(
                "put them into {variable}: `http://USER:PASSWORD@HOST:PORT`, with what is special in them as %XX"
            ),
            ProxyFault::Refused(status @ (502..=504)) => {
                format!("check that {proxy} itself reaches {host} (it says {status}), or go past it: `NO_PROXY={host}`")
            }
            ProxyFault::Refused(_) => {
                format!("have {host} allowed by whoever runs {proxy}, or go past it: `NO_PROXY={host}`")
            }
            ProxyFault::NoProxy => format!("check the scheme and the port in {variable}"),
        }
    }
}

impl ProxySettings {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case; `variable` looks one up.
    ///
    /// `HTTP_PROXY` in upper case is not believed where `REQUEST_METHOD` is set: a CGI server makes it out of a header
    /// that anybody may send (<https://httpoxy.org>).
    #[must_use]
    pub fn of_user(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let value = |names: &[&'static str]| {
            let found = |&name: &&'static str| Some((name, variable(name).filter(|value| !value.is_empty())?));
            names.iter().find_map(found).map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        };
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = if is_cgi { &["http_proxy"][..] } else { &["HTTP_PROXY", "http_proxy"][..] };
        let proxy = |names| value(names).or_else(|| value(&["ALL_PROXY", "all_proxy"]));
        let exceptions = value(&["NO_PROXY", "no_proxy"]).map(|(_, list)| list).unwrap_or_default();
        Self {
            http: proxy(http).map(|(name, text)| Proxy::parse(name, &text)),
            https: proxy(&["HTTPS_PROXY", "https_proxy"]).map(|(name, text)| Proxy::parse(name, &text)),
            exceptions: Exceptions::parse(&exceptions),
        }
    }

    /// Returns how a request to `url` goes: `the proxy http://host:port (by HTTPS_PROXY)`, or `None` when it goes straight.
    ///
    /// # Errors
    /// When the proxy for it is none that can be used.
    pub fn route(&self, url: &Url) -> Result<Option<String>, ProxyError> {
        let named = |proxy: &Proxy| format!("{} (by {})", shown(&proxy.url), proxy.variable);
        Ok(self.proxy_for(url)?.map(named))
    }

    /// Returns the proxy that a request to `url` goes through.
    pub(crate) fn proxy_for(&self, url: &Url) -> Result<Option<&Proxy>, ProxyError> {
        if is_loopback(url) || is_metadata_service(url) || self.exceptions.cover(url) {
            return Ok(None);
        }
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        proxy.as_ref().map(Result::as_ref).transpose().map_err(Clone::clone)
    }
}

impl Proxy {
    /// Reads a proxy's URL; one without a scheme is `http`.
    ///
    /// # Errors
    /// When it is none that can be used; told without its text, which may hold a password.
    fn parse(variable: &'static str, text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let unusable = |proxy: &str, reason: String| ProxyError {
            proxy: proxy.to_owned(),
            variable,
            fault: ProxyFault::Unusable(reason),
        };
        let mut url =
            Url::parse(&full).map_err(|error| unusable("the proxy", format!("its URL does not parse: {error}")))?;
        let authorization = credentials(&url);
        // Only a URL without a host refuses these, and then there is nothing to hide.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        match url.scheme() {
            "http" | "https" => Ok(Self { url, authorization, variable }),
            scheme => Err(unusable(
                &shown(&url),
                format!("it speaks `{scheme}`, and only http and https proxies are supported"),
            )),
        }
    }

    pub(crate) fn error(&self, fault: ProxyFault) -> ProxyError {
        ProxyError { proxy: shown(&self.url), variable: self.variable, fault }
    }
}

fn shown(url: &Url) -> String {
    format!("the proxy {}://{}", url.scheme(), host_and_port(url))
}

/// Returns the header that presents the user and password of `url`, which are percent-encoded there.
fn credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let both = [&decoded(url.username())[..], b":", &decoded(url.password().unwrap_or_default())].concat();
    let mut header = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(both))).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what `url` goes through under these variables: a proxy, nothing, or a fault.
    fn through(variables: &[(&str, &str)], url: &str) -> String {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        match ProxySettings::of_user(&lookup).proxy_for(&Url::parse(url).unwrap()) {
            Ok(Some(proxy)) => proxy.url.to_string(),
            Ok(None) => "direct".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn variables_name_proxies_by_the_scheme_of_what_is_asked_for() {
        let check = |variables: &[(&str, &str)], url: &str, expected: &str| {
            assert_eq!(through(variables, url), expected, "{variables:?} {url}");
        };
        check(&[], "https://r/", "direct");
        check(&[("HTTPS_PROXY", "http://p:1")], "https://r/", "http://p:1/");
        check(&[("https_proxy", "http://p:1")], "https://r/", "http://p:1/");
        check(&[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:1")], "https://r/", "http://p:1/");
        check(&[("HTTPS_PROXY", ""), ("https_proxy", "http://q:1")], "https://r/", "http://q:1/");
        check(&[("HTTPS_PROXY", "http://p:1")], "http://r/", "direct");
        check(&[("HTTP_PROXY", "http://p:1")], "http://r/", "http://p:1/");
        check(&[("HTTP_PROXY", "http://p:1")], "https://r/", "direct");
        check(&[("ALL_PROXY", "http://p:1")], "https://r/", "http://p:1/");
        check(&[("all_proxy", "p:1")], "http://r/", "http://p:1/");
        check(&[("ALL_PROXY", "http://p:1"), ("HTTPS_PROXY", "https://q")], "https://r/", "https://q/");
        // A CGI server makes HTTP_PROXY out of the header `Proxy:`.
        let cgi = ("REQUEST_METHOD", "GET");
        check(&[("HTTP_PROXY", "http://p:1"), cgi], "http://r/", "direct");
        check(&[("http_proxy", "http://p:1"), cgi], "http://r/", "http://p:1/");
        check(&[("HTTPS_PROXY", "http://p:1"), cgi], "https://r/", "http://p:1/");
    }

    #[test]
    fn what_is_near_goes_past_every_proxy() {
        for url in ["http://localhost:5000/", "https://127.0.0.1/", "http://[::1]:5000/", "http://169.254.169.254/"] {
            assert_eq!(through(&[("ALL_PROXY", "http://p:1")], url), "direct", "{url}");
        }
        let both = [("ALL_PROXY", "http://p:1"), ("no_proxy", "corp")];
        assert_eq!(through(&both, "https://registry.corp/"), "direct");
        assert_eq!(through(&both, "https://ghcr.io/"), "http://p:1/");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_when_it_is_needed() {
        let check = |proxy: &str, expected: &str| {
            let told = through(&[("ALL_PROXY", proxy), ("NO_PROXY", "corp")], "https://r/");
            assert!(told.contains(expected) && told.contains("ALL_PROXY") && !told.contains("sesame"), "{told}");
            assert_eq!(through(&[("ALL_PROXY", proxy), ("NO_PROXY", "corp")], "https://r.corp/"), "direct");
        };
        check("socks5://ada:sesame@p:1", "the proxy socks5://p:1 (by ALL_PROXY) cannot be used: it speaks `socks5`");
        check("socks5h://p", "only http and https proxies are supported");
        check("ftp://p:1", "the proxy ftp://p:1");
        check("http://ada:sesame@p:99999", "its URL does not parse");
        check("http://", "its URL does not parse");
    }

    #[test]
    fn credentials_come_decoded_from_the_url_and_are_never_shown() {
        let proxy = Proxy::parse("HTTPS_PROXY", "http://ad%40a:s%3Asam%C3%A9@p:3128").unwrap();
        let sent = proxy.authorization.as_ref().unwrap().to_str().unwrap();
        let expected = format!("Basic {}", BASE64_STANDARD.encode("ad@a:s:samé"));
        assert_eq!((sent, proxy.url.as_str()), (expected.as_str(), "http://p:3128/"));
        let error = proxy.error(ProxyFault::Credentials { presented: true });
        let shown = format!("{proxy:?} {error} {error:?} {}", error.help("ghcr.io"));
        assert!(!shown.contains("sam") && !shown.contains(&expected), "{shown}");
        assert_eq!(Proxy::parse("HTTPS_PROXY", "p:1").unwrap().authorization, None);
    }
}
