//! What a token says of itself. Nothing here is verified: it is the server that trusts tokens, not we.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::secret::Secret;

/// Returns when a JWT expires (RFC 7519 section 4.1.4), in seconds since the Unix epoch; nothing for other tokens.
#[must_use]
pub fn token_expiry(token: &Secret) -> Option<u64> {
    let mut parts = token.expose().split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let expiry = &claims["exp"];
    // A NumericDate may have a fraction.
    expiry.as_u64().or_else(|| expiry.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_says_when_it_expires() {
        let token = |claims: &str| Secret::new(format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims)));
        for (token, expected) in [
            (token(r#"{"exp": 1700000000}"#), Some(1_700_000_000)),
            (token(r#"{"exp": 1700000000.9}"#), Some(1_700_000_000)),
            (token(r#"{"exp": "soon"}"#), None),
            (token(r#"{"exp": -1}"#), None),
            (token("{}"), None),
            (token("not json"), None),
            (Secret::new("opaque"), None),
            (Secret::new("a.b"), None),
            (Secret::new("a.%.c"), None),
        ] {
            assert_eq!(token_expiry(&token), expected, "{}", token.expose());
        }
    }
}
