//! A service account's key: a signed assertion in, an access token out (RFC 7523).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::super::Trouble;
use super::super::exchange::{Exchange, Question, service_url};
use super::{SCOPE, TOKEN_URI, Token};
use crate::credentials::ambient::Ambient;

/// How long an assertion holds, in seconds; Google takes no more.
const ASSERTION: u64 = 60 * 60;

/// `"type": "service_account"`
#[derive(Deserialize)]
pub(super) struct Key {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

impl Key {
    pub(super) async fn token(&self, file: &str, ambient: &Ambient, exchange: &Exchange) -> Result<Token, Trouble> {
        let uri = self.token_uri.as_deref().unwrap_or(TOKEN_URI);
        let url = service_url(uri, "token_uri")?;
        let assertion = self.assertion(uri, ambient.now()).ok_or_else(|| {
            let help = "download a new key of the service account, or use another identity";
            Trouble::new(format!("use `{file}`"), "its `private_key` is not an RSA key in PKCS#8").helped(help)
        })?;
        let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let attempted = format!("get a token for {} from {uri}", self.client_email);
        Token::of(&exchange.ask(&Question::form(attempted, url, &fields).secret(&assertion)).await?)
    }

    /// Returns a JSON Web Token, signed with RS256.
    fn assertion(&self, audience: &str, now: u64) -> Option<String> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.private_key_id});
        let claims =
            json!({"iss": self.client_email, "scope": SCOPE, "aud": audience, "iat": now, "exp": now + ASSERTION});
        let encoded = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = encoded.join(".");
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.as_bytes()).ok()?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
