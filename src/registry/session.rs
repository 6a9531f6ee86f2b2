//! Requests to one repository: authorized, redirected and answered, or refused with the registry's own words.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::challenge::{Challenge, Unmet};
use super::connection::speaks_tls;
use super::error::{RegistryError, shown};
use super::load::Load;
use super::pace::Limits;
use super::payload::Payload;
use super::refusal::RefusalKind;
use super::retry::Retry;
use super::scope::Scopes;
use super::transport::{Answer, Request};
use super::{Shared, origin};
use crate::reference::Repository;

const MOST_REDIRECTS: usize = 5;

/// A repository, within one pull or push.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) repository: Repository,
    /// The root of the registry's API.
    pub(super) root: Url,
    /// What is shared with all who speak to the registry.
    pub(super) load: Arc<Load>,
    pub(super) operation: Arc<Operation>,
}

/// One pull or push.
pub(super) struct Operation {
    pub(super) deadline: Instant,
    /// Whether nothing is tried again: somebody else can be asked.
    pub(super) once: bool,
    /// The latest failure that was survived.
    last_failure: Mutex<Option<String>>,
}

/// A request that can be made again.
pub(super) struct Call {
    pub(super) attempted: String,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    pub(super) scopes: Scopes,
}

impl Operation {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, once: false, last_failure: Mutex::new(None) }
    }

    /// Returns the same without second attempts.
    pub(super) fn once(&self) -> Self {
        Self { deadline: self.deadline, once: true, last_failure: Mutex::new(None) }
    }

    pub(super) fn remember(&self, failure: &RegistryError) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.to_string());
    }

    pub(super) fn last_failure(&self) -> Option<String> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Call {
    pub(super) fn new(attempted: impl Into<String>, method: Method, url: Url, scopes: Scopes) -> Self {
        let headers = HeaderMap::new();
        Self { attempted: attempted.into(), method, url, headers, payload: Payload::Empty, scopes }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }
}

impl Session {
    pub(super) fn new(
        shared: &Arc<Shared>,
        repository: &Repository,
        operation: &Arc<Operation>,
    ) -> Result<Self, RegistryError> {
        let root = origin::api_root(repository, &shared.options.insecure_registries, &shared.tls_hosts)?;
        let load = shared.loads.of(root.origin(), shared.options.concurrency);
        let (shared, operation) = (Arc::clone(shared), Arc::clone(operation));
        Ok(Self { shared, repository: repository.clone(), root, load, operation })
    }

    /// Returns `/v2/<name>/<rest>` of the registry.
    pub(super) fn endpoint(&self, rest: &str) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("v2/{}/{rest}", self.repository.name()));
        url
    }

    /// Makes `call` until it succeeds, is refused for good, or time is up.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, RegistryError> {
        let mut retry = Retry::new(&self.shared, &self.operation);
        loop {
            match self.send(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// Makes `call` and reads the whole answer, again from its beginning when it breaks off.
    pub(super) async fn read(&self, call: &Call, limit: u64) -> Result<(Answer, Vec<u8>), RegistryError> {
        let mut retry = Retry::new(&self.shared, &self.operation);
        loop {
            match self.read_once(call, limit).await {
                Ok(read) => return Ok(read),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    async fn read_once(&self, call: &Call, limit: u64) -> Result<(Answer, Vec<u8>), RegistryError> {
        let mut answer = self.send(call).await?;
        let bytes = answer.bytes(limit).await?;
        Ok((answer, bytes))
    }

    /// Makes `call` once; a status that is no success is an error.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, RegistryError> {
        self.ready(call).await?;
        let outcome = self.send_now(call).await;
        if let Err(RegistryError::Refused(refusal)) = &outcome
            && matches!(refusal.status, 429 | 503)
        {
            self.load.overloaded(refusal.retry_after.unwrap_or(self.shared.options.backoff));
        }
        outcome
    }

    /// Waits while the registry wants to be left alone; whoever can ask somebody else does that.
    async fn ready(&self, call: &Call) -> Result<(), RegistryError> {
        if let Some(pause) = self.load.pause().filter(|_| self.operation.once) {
            let (attempted, host) = (call.attempted.clone(), self.repository.registry().to_owned());
            return Err(RegistryError::Paused { attempted, host, pause });
        }
        self.load.ready(self.operation.deadline).await;
        Ok(())
    }

    async fn send_now(&self, call: &Call) -> Result<Answer, RegistryError> {
        let (answer, presented) = self.authorized(call).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let (own, url) = (self.is_own(&answer.url), answer.url.clone());
        let mut refusal = self.refusal(answer, presented).await;
        if own && url.scheme() == "http" && refusal.wants_tls() {
            return Err(speaks_tls(call.attempted.clone(), &url));
        }
        if !own {
            // What another host says of access is not about this registry's accounts.
            refusal.kind = RefusalKind::Other;
        }
        Err(RegistryError::Refused(Box::new(refusal)))
    }

    /// Makes `call`, answering challenges: one that was not expected, then one for a token that went stale.
    async fn authorized(&self, call: &Call) -> Result<(Answer, bool), RegistryError> {
        let mut header = self.authorization(&call.attempted, &call.scopes, None).await?;
        let mut challenges_left = if header.is_some() { 1 } else { 2 };
        loop {
            let (answer, redirected) = self.follow(call, header.as_ref()).await?;
            let own = !redirected && self.is_own(&answer.url);
            let answerable = answer.status == StatusCode::UNAUTHORIZED && own && challenges_left > 0;
            if !answerable || !self.learn(&answer, &call.scopes)? {
                return Ok((answer, header.is_some()));
            }
            let next = self.authorization(&call.attempted, &call.scopes, header.as_ref()).await?;
            if next.is_none() {
                return Ok((answer, header.is_some()));
            }
            answer.error_body().await;
            header = next;
            challenges_left -= 1;
        }
    }

    /// Remembers the challenge of `answer`, if it holds one.
    fn learn(&self, answer: &Answer, scopes: &Scopes) -> Result<bool, RegistryError> {
        let insecure = &self.shared.options.insecure_registries;
        let challenge = Challenge::of(&answer.headers, &self.root, insecure).map_err(|Unmet { reason, help }| {
            let (attempted, url) = (answer.attempted.to_string(), shown(&answer.url));
            RegistryError::Challenge { attempted, url, reason, help }
        })?;
        let Some(challenge) = challenge else { return Ok(false) };
        self.shared.authority.learn(self.root.origin(), &self.repository, challenge, scopes);
        Ok(true)
    }

    /// Makes `call` once and follows redirects; the credential stays with the registry's own origin, and is not taken
    /// up again on the way back from another.
    async fn follow(&self, call: &Call, header: Option<&HeaderValue>) -> Result<(Answer, bool), RegistryError> {
        let mut url = call.url.clone();
        let mut header = header;
        for hop in 0..=MOST_REDIRECTS {
            header = header.filter(|_| self.is_own(&url));
            let answer = self.exchange(call, &url, header).await?;
            let followable = match answer.status.as_u16() {
                301..=303 => matches!(call.method, Method::GET | Method::HEAD),
                307 | 308 => true,
                _ => false,
            };
            if !followable {
                return Ok((answer, hop > 0));
            }
            url = redirect_target(&answer, None)?;
        }
        Err(self.protocol(&call.attempted, &url, format!("more than {MOST_REDIRECTS} redirects")))
    }

    async fn exchange(&self, call: &Call, url: &Url, header: Option<&HeaderValue>) -> Result<Answer, RegistryError> {
        let mut headers = call.headers.clone();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, header.clone());
        }
        let (attempted, method) = (call.attempted.as_str(), call.method.clone());
        let body = call.payload.open(attempted, Limits::of(&self.shared.options)).await?;
        self.shared.transport.exchange(Request { attempted, method, url: url.clone(), headers, body }).await
    }

    /// Returns whether `url` belongs to the registry itself.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.root.origin()
    }

    pub(super) fn protocol(&self, attempted: &str, url: &Url, reason: impl Into<String>) -> RegistryError {
        RegistryError::Protocol { attempted: attempted.to_owned(), url: shown(url), reason: reason.into() }
    }
}

/// Returns where `answer` points to, resolved against its own URL; never from https to http.
///
/// A registry behind a proxy often forgets that it is spoken to in https, or on which port. Given the `root` that the
/// next request must go to unless another host is named, what points to its host is followed as it is spoken to.
pub(super) fn redirect_target(answer: &Answer, root: Option<&Url>) -> Result<Url, RegistryError> {
    let protocol = |reason: &str| RegistryError::Protocol {
        attempted: answer.attempted.to_string(),
        url: shown(&answer.url),
        reason: reason.to_owned(),
    };
    let location = answer.header(LOCATION.as_str()).ok_or_else(|| protocol("the answer has no Location"))?;
    let mut target = answer.url.join(location).map_err(|_| protocol("the answer's Location is not a URL"))?;
    if let Some(root) = root.filter(|root| is_forgetful(&target, root)) {
        let _ = target.set_scheme(root.scheme());
        let _ = target.set_port(root.port());
    }
    let refused = |reason| RegistryError::Redirect {
        attempted: answer.attempted.to_string(),
        from: shown(&answer.url),
        to: shown(&target),
        reason,
    };
    match (answer.url.scheme(), target.scheme()) {
        _ if !target.username().is_empty() || target.password().is_some() => Err(refused("it holds a user name")),
        ("https", "https") | ("http", "http" | "https") => Ok(target),
        ("https", "http") => Err(refused("it leaves https")),
        _ => Err(refused("it is neither http nor https")),
    }
}

fn is_forgetful(target: &Url, root: &Url) -> bool {
    let same_scheme = target.scheme() == root.scheme() || target.scheme() == "http";
    target.host() == root.host() && target.port().is_none() && same_scheme
}
