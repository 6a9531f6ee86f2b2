//! Tokens of the stand-in: JSON Web Tokens (RFC 7519) of the right form, signed with a key that is no secret.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// How long a token lives, in seconds.
pub(super) const LIFETIME: u64 = 12 * 60 * 60;

/// Anybody may sign: the stand-in takes any token anyway, and only this machine reaches it.
const KEY: &[u8] = b"the sandbox has no secrets";

/// SHA-256's block size, in bytes.
const BLOCK: usize = 64;

/// Returns a token to work in the sandbox with.
pub(in crate::sandbox) fn for_sandbox() -> Secret {
    Secret::new(issue("sandbox"))
}

/// Returns a token for `username` that lives from now on.
pub(super) fn issue(username: &str) -> String {
    let now = now();
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let claims = json!({ "sub": username, "iss": "leoflow-sandbox", "iat": now, "exp": now + LIFETIME });
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = encode(hmac_sha256(KEY, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Says whether the token is a JWT whose `exp` has passed.
pub(super) fn is_expired(token: &str) -> bool {
    let claims = token.split('.').nth(1).and_then(|claims| BASE64_URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Value = claims.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    claims["exp"].as_u64().is_some_and(|expiry| expiry <= now())
}

/// Returns the seconds since the Unix epoch: a server has its own clock.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 2104, for keys no longer than a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn only_a_token_that_says_so_expires() {
        assert!(!is_expired(&issue("somebody")));
        assert!(!is_expired("opaque"));
        let old = format!("e30.{}.x", encode(json!({ "exp": 1 }).to_string()));
        assert!(is_expired(&old));
    }
}
