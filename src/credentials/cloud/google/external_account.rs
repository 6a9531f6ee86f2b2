//! Workload identity federation: a token of somewhere else in, one of Google's out (RFC 8693), perhaps a service
//! account's in its stead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::address::{service_url, token_source_url};
use super::super::exchange::{Exchange, Question};
use super::super::{Trouble, read_token};
use super::{SCOPE, Token};
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;
use crate::time;

/// `"type": "external_account"`
#[derive(Deserialize)]
pub(super) struct Account {
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Source,
    service_account_impersonation_url: Option<String>,
}

/// Where the token of somewhere else is.
#[derive(Deserialize)]
struct Source {
    file: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "type")]
    kind: String,
    subject_token_field_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonated {
    access_token: String,
    #[serde(default)]
    expire_time: String,
}

impl Account {
    pub(super) async fn token(&self, ambient: &Ambient, exchange: &Exchange) -> Result<Token, Trouble> {
        let subject = self.credential_source.token(exchange).await?;
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", &self.audience),
            ("scope", SCOPE),
            ("subject_token_type", &self.subject_token_type),
            ("subject_token", subject.expose()),
        ];
        let url = service_url(&self.token_url, "token_url")?;
        let question = Question::form(format!("get a token from {}", self.token_url), url, &fields);
        let token = Token::of(&exchange.ask(&question.secret(subject.expose())).await?)?;
        match &self.service_account_impersonation_url {
            Some(url) => impersonated(url, &token.token, ambient.now(), exchange).await,
            None => Ok(token),
        }
    }
}

async fn impersonated(uri: &str, token: &Secret, now: u64, exchange: &Exchange) -> Result<Token, Trouble> {
    let url = service_url(uri, "service_account_impersonation_url")?;
    let body = json!({"scope": [SCOPE]}).to_string();
    let question = Question::post(format!("get a token from {uri}"), url, body)
        .header("content-type", "application/json".to_owned())
        .header("authorization", format!("Bearer {}", token.expose()))
        .secret(token.expose());
    let answer = exchange.ask(&question).await?;
    let Impersonated { access_token, expire_time } = answer.json()?;
    let lifetime = time::from_rfc3339(&expire_time).map(|end| end.saturating_sub(now));
    Ok(Token { token: Secret::new(access_token), lifetime })
}

impl Source {
    async fn token(&self, exchange: &Exchange) -> Result<Secret, Trouble> {
        match (&self.file, &self.url) {
            (Some(file), _) => self.of_file(file),
            (None, Some(url)) => self.of_url(url, exchange).await,
            (None, None) => Err(Trouble::new("use `credential_source`", "only `file` and `url` are built in")
                .helped("use workload identity, a service account's key or `gcloud auth application-default login`")),
        }
    }

    fn of_file(&self, file: &Path) -> Result<Secret, Trouble> {
        let text = read_token(file)?;
        self.extract(&text).ok_or_else(|| Trouble::new(format!("read `{}`", file.display()), "it holds no token"))
    }

    async fn of_url(&self, uri: &str, exchange: &Exchange) -> Result<Secret, Trouble> {
        let url = token_source_url(uri, "credential_source.url")?;
        let attempted = format!("get a token from {}", url.origin().ascii_serialization());
        let mut question = Question::get(attempted, url);
        for (name, value) in &self.headers {
            let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
            let (name, _) =
                header.ok_or_else(|| Trouble::new("use `credential_source.headers`", "one of them is no header"))?;
            question = question.named_header(name, value).secret(value);
        }
        let answer = exchange.ask(&question).await?;
        self.extract(&answer.text()).ok_or_else(|| answer.not_understood())
    }

    /// Takes the token out of the text that it came in.
    fn extract(&self, text: &str) -> Option<Secret> {
        let field = match &self.format {
            Some(format) if format.kind == "json" => format.subject_token_field_name.as_deref()?,
            _ => return Some(text).filter(|text| !text.is_empty()).map(Secret::new),
        };
        let value: Value = serde_json::from_str(text).ok()?;
        value.get(field)?.as_str().filter(|token| !token.is_empty()).map(Secret::new)
    }
}
