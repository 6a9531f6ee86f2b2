//! `WWW-Authenticate` in, what the registry wants out (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use url::{Host, Url};

use super::error::shown;
use super::origin;
use super::refusal::harmless;
use crate::http;

/// How a registry wants to be shown who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password with every request.
    Basic,
    /// A token from a token service (distribution-spec's reference: "Token Authentication Specification").
    Bearer(Bearer),
}

/// Where a token is had, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) realm: Url,
    pub(super) service: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Why no challenge can be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unmet {
    pub(super) reason: String,
    pub(super) help: Option<String>,
}

/// One challenge of a header.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    scheme: String,
    parameters: BTreeMap<String, String>,
}

impl Challenge {
    /// Returns the strongest challenge of an answer from `asked`, if it holds any, or why none can be met.
    ///
    /// A realm must be https, or the registry's own host and port, without user info, and no metadata service.
    pub(super) fn of(headers: &HeaderMap, asked: &Url, insecure: &[String]) -> Result<Option<Self>, Unmet> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let parsed: Vec<Parsed> = texts.flat_map(parse).collect();
        if let Some(bearer) = parsed.iter().find(|challenge| challenge.scheme == "bearer") {
            return Bearer::of(&bearer.parameters, asked, insecure).map(Self::Bearer).map(Some);
        }
        match parsed.first() {
            _ if parsed.iter().any(|challenge| challenge.scheme == "basic") => Ok(Some(Self::Basic)),
            Some(other) => {
                let scheme = harmless(&other.scheme);
                Err(Unmet::because(format!("it asks for `{scheme}` authentication, which is not supported")))
            }
            None => Ok(None),
        }
    }
}

impl Unmet {
    fn because(reason: impl Into<String>) -> Self {
        let help = "ask whoever runs the registry to mend its `WWW-Authenticate` header";
        Self { reason: reason.into(), help: Some(help.to_owned()) }
    }
}

impl Bearer {
    fn of(parameters: &BTreeMap<String, String>, asked: &Url, insecure: &[String]) -> Result<Self, Unmet> {
        let realm = parameters.get("realm").ok_or_else(|| Unmet::because("its challenge names no realm"))?;
        let realm = Url::parse(realm)
            .map_err(|error| Unmet::because(format!("its challenge names the realm `{}`: {error}", harmless(realm))))?;
        let scopes = parameters.get("scope").map(|scope| scope.split_whitespace().map(str::to_owned).collect());
        Ok(Self {
            realm: trusted_realm(realm, asked, insecure)?,
            service: parameters.get("service").cloned(),
            scopes: scopes.unwrap_or_default(),
        })
    }
}

/// Returns `realm` when a credential may be sent there.
fn trusted_realm(mut realm: Url, asked: &Url, insecure: &[String]) -> Result<Url, Unmet> {
    let refused = |why: &str| Err(Unmet::because(format!("its challenge names a realm that is not trusted: {why}")));
    if !realm.username().is_empty() || realm.password().is_some() {
        return refused("it holds a user name");
    }
    if realm.scheme() == "http" && own_host(&realm, asked) {
        // Harbor behind a proxy that ends TLS names itself with http; a credential still travels as the registry does.
        let (port, scheme) = (asked.port(), asked.scheme());
        return match (realm.set_scheme(scheme), realm.set_port(port)) {
            (Ok(()), Ok(())) => Ok(realm),
            _ => refused("its scheme is not http(s)"),
        };
    }
    if origin::is_metadata_service(&dotless(&realm)) && realm.origin() != asked.origin() {
        return refused("it is a link-local address");
    }
    if is_here(&realm) && !is_here(asked) {
        return refused("it is on this machine, and the registry is not");
    }
    match realm.scheme() {
        "https" => Ok(realm),
        "http" if origin::is_insecure(&realm, insecure) => Ok(realm),
        _ => {
            let reason =
                format!("it wants a login in plain HTTP at `{}`, which is not the registry itself", shown(&realm));
            Err(Unmet { reason, help: allow(&realm) })
        }
    }
}

/// A final dot makes a name absolute, and another text of the same host.
fn dotless(url: &Url) -> Url {
    let mut dotless = url.clone();
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let _ = dotless.set_host(Some(host));
    dotless
}

/// Returns whether `url` stays on this machine, where a public registry has no token service.
fn is_here(url: &Url) -> bool {
    let unspecified = match url.host() {
        Some(Host::Ipv4(address)) => address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_unspecified(),
        _ => false,
    };
    unspecified || http::is_loopback(&dotless(url))
}

fn allow(realm: &Url) -> Option<String> {
    let host = realm.host_str().filter(|_| realm.scheme() == "http")?;
    let port = realm.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("if that is meant, allow it: `--insecure-registry {host}{port}`"))
}

/// Returns whether both name one host and port; a default port matches the other scheme's.
fn own_host(realm: &Url, asked: &Url) -> bool {
    let both_default = realm.port().is_none() && asked.port().is_none();
    let same_port = realm.port_or_known_default() == asked.port_or_known_default();
    realm.host() == asked.host() && (same_port || both_default)
}

/// Splits a header into challenges; several may share one line, and commas also separate parameters.
fn parse(header: &str) -> Vec<Parsed> {
    let mut challenges: Vec<Parsed> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = token(rest);
        if word.is_empty() {
            return challenges;
        }
        match after.trim_start().strip_prefix('=') {
            Some(value) if !challenges.is_empty() => {
                let (value, after) = parameter_value(value.trim_start());
                if let Some(challenge) = challenges.last_mut() {
                    challenge.parameters.entry(word.to_ascii_lowercase()).or_insert(value);
                }
                rest = after;
            }
            Some(_) => return challenges,
            None => {
                challenges.push(Parsed { scheme: word.to_ascii_lowercase(), parameters: BTreeMap::new() });
                rest = after;
            }
        }
    }
}

/// Splits off an RFC 9110 token.
fn token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c));
    text.split_at(end.unwrap_or(text.len()))
}

/// Splits off a token or quoted string; an unquoted value runs to the next comma or space, whatever it holds.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn check(header: &str, expected: &[(&str, &[(&str, &str)])]) {
        let found = parse(header);
        let expected: Vec<Parsed> = expected
            .iter()
            .map(|(scheme, parameters)| Parsed {
                scheme: (*scheme).to_owned(),
                parameters: parameters.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            })
            .collect();
        assert_eq!(found, expected, "{header}");
    }

    #[test]
    fn challenges_are_read_as_rfc_9110_has_them() {
        check("", &[]);
        check("Basic", &[("basic", &[])]);
        check("Basic realm=\"a b\"", &[("basic", &[("realm", "a b")])]);
        check("BEARER Realm=x,Service = \"y\"", &[("bearer", &[("realm", "x"), ("service", "y")])]);
        check("Bearer realm=\"a, b=\\\"c\\\"\"", &[("bearer", &[("realm", "a, b=\"c\"")])]);
        check(
            "Basic realm=x, Bearer realm=https://y/z?a=b,scope=\"repository:a:pull,push\"",
            &[
                ("basic", &[("realm", "x")]),
                ("bearer", &[("realm", "https://y/z?a=b"), ("scope", "repository:a:pull,push")]),
            ],
        );
        check("Negotiate, ,NTLM,", &[("negotiate", &[]), ("ntlm", &[])]);
        check("Bearer realm=\"never closed", &[("bearer", &[("realm", "never closed")])]);
        // Of two equal names the first counts.
        check("Bearer realm=a, realm=b", &[("bearer", &[("realm", "a")])]);
        check("realm=a", &[]);
    }

    fn realm(asked: &str, realm: &str) -> Result<String, Unmet> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(&format!("Bearer realm=\"{realm}\"")).unwrap());
        match Challenge::of(&headers, &Url::parse(asked).unwrap(), &[])? {
            Some(Challenge::Bearer(bearer)) => Ok(bearer.realm.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_realm_is_https_or_the_registry_as_it_is_spoken_to() {
        let check = |asked: &str, told: &str, expected: Option<&str>| {
            assert_eq!(realm(asked, told).ok().as_deref(), expected, "{asked} {told}");
        };
        check("https://r/", "https://auth/token", Some("https://auth/token"));
        check("https://r/", "http://auth/token", None);
        // Harbor behind a proxy that ends TLS: never in clear, whatever it says.
        check("https://r/", "http://r/service/token", Some("https://r/service/token"));
        check("https://r:8443/", "http://r:8443/token", Some("https://r:8443/token"));
        check("https://r/", "http://r:5001/token", None);
        check("http://r:5000/", "http://r:5000/token", Some("http://r:5000/token"));
        check("http://r:5000/", "https://r/token", Some("https://r/token"));
        check("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", None);
        // A registry on a link-local address may be its own token service, and nobody else's.
        check("https://169.254.0.9/", "https://169.254.0.9/token", Some("https://169.254.0.9/token"));
        check("https://r/", "https://169.254.169.254/token", None);
        check("https://r/", "https://metadata.google.internal./token", None);
        // What is on this machine is no business of a registry that is not.
        for host in
            ["127.0.0.1", "localhost", "localhost.", "a.localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"]
        {
            check("https://r/", &format!("https://{host}/token"), None);
            check("https://r/", &format!("http://{host}/token"), None);
        }
        check("http://127.0.0.1:5000/", "https://localhost/token", Some("https://localhost/token"));
        check("https://r/", "https://10.0.0.1/token", Some("https://10.0.0.1/token"));
        check("https://r/", "https://r.evil.com/token", Some("https://r.evil.com/token"));
        check("https://R/", "HTTP://r/token", Some("https://r/token"));
        check("https://r/", "ftp://r/token", None);
        check("https://r/", "//auth/token", None);
    }
}
