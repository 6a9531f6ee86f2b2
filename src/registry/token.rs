//! What is presented to a registry: learned from its challenges, fetched once, kept until it is about to expire.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::form_urlencoded::Serializer;
use url::{Origin, Url};

use super::challenge::{Bearer, Challenge};
use super::error::{RegistryError, shown};
use super::login::Held;
use super::pace::Limits;
use super::payload::Payload;
use super::retry::Retry;
use super::scope::Scopes;
use super::session::Session;
use super::transport::Request;
use crate::credentials::Credential;
use crate::reference::Repository;
use crate::secret::{Presented, Secret};
use crate::time;

/// The largest token answer, in bytes.
const TOKEN_LIMIT: u64 = 1 << 20;

/// What a token lives when its service does not say, in seconds (distribution, "Token Authentication Specification").
const USUAL_LIFETIME: u64 = 60;

/// What it lives at most, whatever its service says.
const MAXIMUM_LIFETIME: u64 = 24 * 60 * 60;

/// Slots that are filled once each, by whoever comes first; the others wait.
pub(super) type Slots<K, V> = Mutex<HashMap<K, Arc<tokio::sync::Mutex<Option<V>>>>>;

/// What is known of the authentication of every registry.
#[derive(Default)]
pub(super) struct Authority {
    challenges: Mutex<HashMap<Origin, Challenge>>,
    /// What registries asked for beyond what a request needs, by the repository that was spoken to.
    asked: Mutex<HashMap<Repository, Vec<String>>>,
    /// By repository, or by registry where that has one credential for all.
    pub(super) credentials: Slots<String, Held>,
    tokens: Slots<TokenKey, Token>,
    /// Everything secret that went out.
    pub(super) presented: Presented,
}

/// A token is for one registry, even if two name the same realm and service: a hostile one may name another's.
#[derive(Clone, PartialEq, Eq, Hash)]
struct TokenKey {
    registry: Origin,
    realm: Url,
    service: Option<String>,
    scopes: Scopes,
    repository: Repository,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    stale_at: Instant,
}

/// What a token service answers.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

pub(super) fn slot<K: Eq + Hash, V>(slots: &Slots<K, V>, key: K) -> Arc<tokio::sync::Mutex<Option<V>>> {
    let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(slots.entry(key).or_default())
}

impl Authority {
    /// Remembers how `registry` wants to be spoken to, and what it asked for `repository` beyond `scopes`.
    pub(super) fn learn(&self, registry: Origin, repository: &Repository, challenge: Challenge, scopes: &Scopes) {
        if let Challenge::Bearer(bearer) = &challenge {
            let asked = scopes.missing(repository, &bearer.scopes);
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(repository.clone(), asked);
        }
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).insert(registry, challenge);
    }

    fn asked(&self, repository: &Repository) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(repository).cloned().unwrap_or_default()
    }

    fn challenge(&self, registry: &Origin) -> Option<Challenge> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).get(registry).cloned()
    }
}

impl Session {
    /// Returns the `Authorization` header for a request to this session's registry, or `None` when it wants none or
    /// there is nothing to present. A header that was `rejected` is not returned again.
    pub(super) async fn authorization(
        &self,
        attempted: &str,
        scopes: &Scopes,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let header = match self.shared.authority.challenge(&self.root.origin()) {
            None => None,
            Some(Challenge::Basic) => match self.credential().await? {
                Credential::Basic { username, password } => Some(basic(&username, &password)),
                Credential::Bearer(token) => Some(bearer(token.expose()).ok_or_else(|| unusable(attempted, self))?),
                Credential::IdentityToken(_) => return Err(self.no_password(attempted)),
                Credential::Anonymous => None,
            },
            Some(Challenge::Bearer(challenge)) => match self.credential().await? {
                Credential::Bearer(token) => Some(bearer(token.expose()).ok_or_else(|| unusable(attempted, self))?),
                credential => Some(self.token(attempted, challenge, scopes, &credential, rejected).await?),
            },
        };
        Ok(header.filter(|header| Some(header) != rejected))
    }

    /// Returns a token that is not about to expire; one request at a time for each key.
    async fn token(
        &self,
        attempted: &str,
        challenge: Bearer,
        scopes: &Scopes,
        credential: &Credential,
        rejected: Option<&HeaderValue>,
    ) -> Result<HeaderValue, RegistryError> {
        let key = TokenKey {
            registry: self.root.origin(),
            realm: challenge.realm,
            service: challenge.service,
            scopes: scopes.clone().and_asked(&self.shared.authority.asked(&self.repository)),
            repository: self.repository.clone(),
        };
        let slot = slot(&self.shared.authority.tokens, key.clone());
        let mut slot = slot.lock().await;
        match &*slot {
            Some(token) if Instant::now() < token.stale_at && Some(&token.header) != rejected => {
                return Ok(token.header.clone());
            }
            _ => {}
        }
        // Boxed: requests in requests would make a future that the compiler cannot lay out.
        let token = Box::pin(self.fetch_token(attempted, &key, credential)).await?;
        Ok(slot.insert(token).header.clone())
    }

    async fn fetch_token(
        &self,
        attempted: &str,
        key: &TokenKey,
        credential: &Credential,
    ) -> Result<Token, RegistryError> {
        let mut retry = Retry::new(&self.shared, &self.operation);
        let mut asked_at;
        let body = loop {
            asked_at = Instant::now();
            match self.ask_for_token(attempted, key, credential).await {
                Ok(body) => break body,
                Err(error) => retry.after(error).await?,
            }
        };
        let failed = |reason: &str| RegistryError::Token {
            attempted: attempted.to_owned(),
            realm: shown(&key.realm),
            reason: reason.to_owned(),
        };
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| failed("the answer is no token"))?;
        let text = [answer.token, answer.access_token].into_iter().flatten().find(|token| !token.is_empty());
        let header = text.as_deref().and_then(bearer).ok_or_else(|| failed("the answer holds no token"))?;
        self.shared.authority.presented.add(text.as_deref().unwrap_or_default());
        Ok(Token { header, stale_at: asked_at + useful_life(time::seconds(&answer.expires_in)) })
    }

    async fn ask_for_token(
        &self,
        attempted: &str,
        key: &TokenKey,
        credential: &Credential,
    ) -> Result<Vec<u8>, RegistryError> {
        let (method, url, headers, payload) = match credential {
            Credential::IdentityToken(token) => {
                let form = refresh_form(key, token);
                let mut headers = HeaderMap::new();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                (Method::POST, key.realm.clone(), headers, Payload::Bytes(Bytes::from(form)))
            }
            Credential::Basic { username, password } => {
                let headers = HeaderMap::from_iter([(AUTHORIZATION, basic(username, password))]);
                (Method::GET, token_url(key), headers, Payload::Empty)
            }
            Credential::Anonymous | Credential::Bearer(_) => {
                (Method::GET, token_url(key), HeaderMap::new(), Payload::Empty)
            }
        };
        let body = payload.open(attempted, Limits::of(&self.shared.options)).await?;
        let request = Request { attempted, method, url, headers, body };
        let mut answer = self.shared.transport.exchange_for(&self.root, request).await?;
        if answer.status.is_success() {
            return answer.bytes(TOKEN_LIMIT).await;
        }
        Err(RegistryError::Refused(Box::new(self.refusal(answer, true).await)))
    }
}

/// Returns how long a token is presented; a quarter of its life is left for the request that it is presented in.
fn useful_life(expires_in: Option<u64>) -> Duration {
    let seconds = expires_in.unwrap_or(USUAL_LIFETIME).min(MAXIMUM_LIFETIME);
    Duration::from_secs(seconds) * 3 / 4
}

fn token_url(key: &TokenKey) -> Url {
    let mut url = key.realm.clone();
    {
        let mut query = url.query_pairs_mut();
        for scope in key.scopes.texts() {
            query.append_pair("scope", &scope);
        }
        if let Some(service) = &key.service {
            query.append_pair("service", service);
        }
    }
    url
}

/// The OAuth2 form of the token service: a refresh token in, an access token out.
fn refresh_form(key: &TokenKey, token: &Secret) -> String {
    let scopes: Vec<String> = key.scopes.texts().collect();
    Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", "leoflow")
        .append_pair("service", key.service.as_deref().unwrap_or_default())
        .append_pair("scope", &scopes.join(" "))
        .append_pair("refresh_token", token.expose())
        .finish()
}

fn basic(username: &str, password: &Secret) -> HeaderValue {
    let text = BASE64_STANDARD.encode(format!("{username}:{}", password.expose()));
    sensitive(&format!("Basic {text}")).unwrap_or_else(|| HeaderValue::from_static(""))
}

fn bearer(token: &str) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn unusable(attempted: &str, session: &Session) -> RegistryError {
    RegistryError::Token {
        attempted: attempted.to_owned(),
        realm: session.repository.registry().to_owned(),
        reason: "the configured token holds characters that no header may".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_before_it_expires() {
        let check = |expires_in: Option<u64>, expected: u64| {
            assert_eq!(useful_life(expires_in), Duration::from_secs(expected), "{expires_in:?}");
        };
        check(Some(300), 225);
        check(None, 45);
        check(Some(4), 3);
        check(Some(u64::MAX), 18 * 60 * 60);
    }
}
