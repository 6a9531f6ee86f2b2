//! AWS Signature Version 4: a request in, its `Authorization` header out ("Create a signed AWS API request").

use std::fmt::Write as _;

use ring::{digest, hmac};
use url::Url;

use super::Keys;
use crate::time::basic_iso8601;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A `POST` to the root of a service.
pub(super) struct Unsigned<'a> {
    pub(super) url: &'a Url,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// Headers beside `host`, `x-amz-date` and `x-amz-security-token`, by lowercase name.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a str,
}

/// Returns the headers that the request is sent with, signed by `keys` at `now`, in seconds since the Unix epoch.
pub(super) fn sign(request: &Unsigned<'_>, keys: &Keys, now: u64) -> Vec<(&'static str, String)> {
    let time = basic_iso8601(now);
    let mut headers = request.headers.clone();
    headers.push(("x-amz-date", time.clone()));
    if let Some(token) = &keys.session_token {
        headers.push(("x-amz-security-token", token.expose().to_owned()));
    }
    let scope = format!("{}/{}/{}/aws4_request", &time[..8], request.region, request.service);
    let (names, canonical) = canonical("POST", request.url, &headers, request.body);
    let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex_sha256(&canonical));
    let signature = hex(hmac_sha256(&signing_key(keys, &scope), &text).as_ref());
    let credential = format!("{}/{scope}", keys.access_key_id);
    let header = format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}");
    headers.push(("authorization", header));
    headers
}

/// Returns the names of the signed headers, and the canonical request.
fn canonical(method: &str, url: &Url, headers: &[(&'static str, String)], body: &str) -> (String, String) {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut signed: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.trim())).collect();
    signed.push(("host", &host));
    signed.sort_unstable();
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let query = url.query().unwrap_or_default();
    let request = format!("{method}\n{}\n{query}\n{lines}\n{names}\n{}", url.path(), hex_sha256(body));
    (names, request)
}

/// The key is chained through the parts of the scope: date, region, service, `aws4_request`.
fn signing_key(keys: &Keys, scope: &str) -> Vec<u8> {
    let secret = format!("AWS4{}", keys.secret_access_key.expose()).into_bytes();
    scope.split('/').fold(secret, |key, part| hmac_sha256(&key, part).as_ref().to_vec())
}

fn hmac_sha256(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hex_sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn example(session_token: Option<&str>) -> Keys {
        Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: session_token.map(Secret::new),
        }
    }

    /// Signs as AWS's Signature Version 4 test suite does.
    fn signature(headers: Vec<(&'static str, String)>, body: &str, keys: &Keys) -> (String, String) {
        let url = Url::parse("https://example.amazonaws.com/").unwrap();
        let request = Unsigned { url: &url, region: "us-east-1", service: "service", headers, body };
        let signed = sign(&request, keys, 1_440_938_160);
        let (_, header) = signed.last().unwrap();
        let (rest, signature) = header.rsplit_once("Signature=").unwrap();
        (rest.to_owned(), signature.to_owned())
    }

    #[test]
    fn requests_are_signed_as_in_amazons_test_suite() {
        let (rest, vanilla) = signature(Vec::new(), "", &example(None));
        assert_eq!(
            rest,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, "
        );
        // post-vanilla
        assert_eq!(vanilla, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        // post-x-www-form-urlencoded
        let form = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        let (rest, signature) = signature(form, "Param1=value1", &example(None));
        assert!(rest.ends_with("SignedHeaders=content-type;host;x-amz-date, "), "{rest}");
        assert_eq!(signature, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
    }

    /// "Examples of how to derive a signing key", AWS General Reference.
    #[test]
    fn the_signing_key_is_derived_as_amazon_shows() {
        let key = signing_key(&example(None), "20120215/us-east-1/iam/aws4_request");
        assert_eq!(hex(&key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }

    #[test]
    fn a_session_token_is_signed_as_well() {
        let (rest, _) = signature(Vec::new(), "", &example(Some("token")));
        assert!(rest.ends_with("SignedHeaders=host;x-amz-date;x-amz-security-token, "), "{rest}");
    }
}
