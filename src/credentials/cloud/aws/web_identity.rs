//! A token of Kubernetes or of a CI service in, temporary keys out (STS, `AssumeRoleWithWebIdentity`).

use std::path::PathBuf;

use super::super::exchange::{Exchange, Question, between};
use super::super::{Trouble, read_token};
use super::{Keys, Registry, endpoint};
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;

/// A role that a token may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: Option<String>,
    pub(super) token_file: PathBuf,
}

impl Role {
    pub(super) fn of_variables(ambient: &Ambient) -> Option<Self> {
        Some(Self {
            token_file: ambient.path("AWS_WEB_IDENTITY_TOKEN_FILE")?,
            arn: ambient.text("AWS_ROLE_ARN")?.to_owned(),
            session_name: ambient.text("AWS_ROLE_SESSION_NAME").map(str::to_owned),
        })
    }

    /// Takes the role.
    pub(super) async fn assume(
        &self,
        registry: &Registry,
        ambient: &Ambient,
        exchange: &Exchange,
    ) -> Result<Keys, Trouble> {
        let token = read_token(&self.token_file)?;
        let usual = format!("https://sts.{}.{}", registry.region, registry.domain);
        let url = endpoint(ambient, "AWS_ENDPOINT_URL_STS", &usual)?;
        let attempted = format!("assume {} at {}", self.arn, url.origin().ascii_serialization());
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &self.arn),
            ("RoleSessionName", self.session_name.as_deref().unwrap_or("leoflow")),
            ("WebIdentityToken", &token),
        ];
        let answer = exchange.ask(&Question::form(attempted, url, &fields).secret(&token)).await?;
        let text = answer.text();
        between(&text, "Credentials").and_then(keys).ok_or_else(|| answer.not_understood())
    }
}

fn keys(credentials: &str) -> Option<Keys> {
    let part = |name| between(credentials, name).filter(|text| !text.is_empty());
    Some(Keys {
        access_key_id: part("AccessKeyId")?.to_owned(),
        secret_access_key: Secret::new(part("SecretAccessKey")?),
        session_token: Some(Secret::new(part("SessionToken")?)),
    })
}
