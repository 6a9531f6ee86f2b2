//! Amazon ECR: this host's keys in, the registry's user and password out (`GetAuthorizationToken`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::exchange::{Answer, Exchange, Question, service_url};
use super::{Found, Trouble, lifetime};
use crate::credentials::ambient::Ambient;
use crate::credentials::{Credential, Issued, basic};
use crate::secret::Secret;
use crate::time;

mod chain;
mod metadata;
mod profile;
mod sign;
mod web_identity;

/// The life of a token when its service does not say, in seconds: an hour of its twelve.
const LIFETIME: u64 = 60 * 60;

/// An ECR registry, as its name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registry {
    region: String,
    /// The domain of the region's services.
    domain: &'static str,
    fips: bool,
    public: bool,
}

/// What Amazon knows a caller by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keys {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

/// `authorizationData` is a list for private registries, and one entry for the public one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    authorization_data: Value,
}

impl Registry {
    /// Reads `<account>.dkr.ecr[-fips].<region>.<domain>`, its dual-stack form, and `public.ecr.aws`.
    pub(super) fn of(host: &str) -> Option<Self> {
        if host == "public.ecr.aws" {
            let region = "us-east-1".to_owned();
            return Some(Self { region, domain: "amazonaws.com", fips: false, public: true });
        }
        let (account, rest) = host.split_once('.')?;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let rest = rest.strip_prefix("dkr.ecr").or_else(|| rest.strip_prefix("dkr-ecr"))?;
        let (fips, rest) = rest.strip_prefix("-fips").map_or((false, rest), |rest| (true, rest));
        let (region, domain) = rest.strip_prefix('.')?.split_once('.')?;
        let domain = match domain {
            "amazonaws.com" | "on.aws" => "amazonaws.com",
            "amazonaws.com.cn" | "on.amazonwebservices.com.cn" => "amazonaws.com.cn",
            "amazonaws.eu" => "amazonaws.eu",
            _ => return None,
        };
        let plain = !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then(|| Self { region: region.to_owned(), domain, fips, public: false })
    }

    /// Returns where the registry's API is, by Amazon's variables or by its region.
    fn api(&self, ambient: &Ambient) -> Result<Url, Trouble> {
        let Self { region, domain, .. } = self;
        let (variable, default) = match (self.public, self.fips) {
            (true, _) => ("AWS_ENDPOINT_URL_ECR_PUBLIC", format!("https://api.ecr-public.{region}.{domain}")),
            (false, true) => ("AWS_ENDPOINT_URL_ECR", format!("https://ecr-fips.{region}.{domain}")),
            (false, false) => ("AWS_ENDPOINT_URL_ECR", format!("https://api.ecr.{region}.{domain}")),
        };
        endpoint(ambient, variable, &default)
    }

    /// Returns the question for a token, not yet signed.
    fn target(&self) -> (&'static str, &'static str) {
        match self.public {
            true => ("ecr-public", "SpencerFrontendService.GetAuthorizationToken"),
            false => ("ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
        }
    }
}

/// Returns a service's URL: `variable`, `AWS_ENDPOINT_URL`, or the usual one.
fn endpoint(ambient: &Ambient, variable: &str, default: &str) -> Result<Url, Trouble> {
    let heeded = !ambient.text("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|text| text == "true");
    let given = [variable, "AWS_ENDPOINT_URL"].into_iter().filter(|_| heeded);
    let given = given.filter_map(|name| Some((name, ambient.text(name)?))).next();
    given.map_or_else(|| service_url(default, default), |(name, text)| service_url(text, name))
}

/// Returns user and password for `registry`, by the first identity that Amazon's own order of places gives.
pub(super) async fn issue(registry: &Registry, ambient: &Ambient) -> Result<Found<Issued>, Trouble> {
    let exchange = Exchange::new(ambient)?;
    match chain::keys(registry, ambient, &exchange).await? {
        Found::Identity(keys) => token(registry, ambient, &exchange, &keys).await.map(Found::Identity),
        Found::Nowhere(looked_at) => Ok(Found::Nowhere(looked_at)),
    }
}

async fn token(registry: &Registry, ambient: &Ambient, exchange: &Exchange, keys: &Keys) -> Result<Issued, Trouble> {
    let url = registry.api(ambient)?;
    let (service, target) = registry.target();
    let headers = vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", target.to_owned())];
    let unsigned = sign::Unsigned { url: &url, region: &registry.region, service, headers, body: "{}" };
    let attempted = format!("get a token from {}", url.origin().ascii_serialization());
    let mut question = Question::post(attempted, url.clone(), "{}".to_owned()).secret(keys.secret_access_key.expose());
    for (name, value) in sign::sign(&unsigned, keys, ambient.now()) {
        question = question.header(name, value);
    }
    if let Some(token) = &keys.session_token {
        question = question.secret(token.expose());
    }
    let answer = exchange.ask(&question).await.map_err(|trouble| refused(trouble, service))?;
    issued(&answer, ambient.now())
}

fn refused(trouble: Trouble, service: &str) -> Trouble {
    let reason = trouble.reason.clone();
    match trouble.status {
        Some(400) if reason.contains("ignature") => trouble.helped("check this machine's clock and the secret key"),
        Some(400 | 403) => trouble.helped(format!("let this identity do `{service}:GetAuthorizationToken`")),
        _ => trouble,
    }
}

fn issued(answer: &Answer, now: u64) -> Result<Issued, Trouble> {
    let data = answer.json::<Authorization>()?.authorization_data;
    let data = data.get(0).unwrap_or(&data);
    let token = data.get("authorizationToken").and_then(Value::as_str);
    let credential = token.and_then(decoded).ok_or_else(|| answer.not_understood())?;
    let expires_at = data.get("expiresAt").and_then(time::seconds);
    Ok(Issued { credential, lifetime: lifetime(expires_at.map(|at| at.saturating_sub(now)), LIFETIME) })
}

fn decoded(token: &str) -> Option<Credential> {
    let text = String::from_utf8(BASE64_STANDARD.decode(token).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(basic(username, password))
}
