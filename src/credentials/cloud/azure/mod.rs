//! Azure Container Registry: this host's identity in Microsoft Entra ID in, a refresh token of the registry out
//! (Azure/acr, `docs/AAD-OAuth.md`).

use serde::Deserialize;
use url::Url;

use super::exchange::{Exchange, Question, service_url};
use super::{Found, Trouble, lifetime};
use crate::credentials::ambient::Ambient;
use crate::credentials::{Credential, Issued};
use crate::secret::Secret;

mod application;
mod managed;

/// How long a refresh token is presented, in seconds; it lives three hours.
const LIFETIME: u64 = 2 * 60 * 60;

/// A registry, and the cloud that its name says it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registry {
    host: String,
    /// Where identities are vouched for.
    authority: &'static str,
    /// Whom a token must be for.
    resource: &'static str,
}

#[derive(Deserialize)]
struct Refresh {
    refresh_token: Option<String>,
}

impl Registry {
    pub(super) fn of(host: &str) -> Option<Self> {
        let (name, cloud) = host.split_once(".azurecr.")?;
        let (authority, resource) = match cloud {
            "io" => ("https://login.microsoftonline.com", "https://containerregistry.azure.net"),
            "cn" => ("https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
            "us" => ("https://login.microsoftonline.us", "https://management.usgovcloudapi.net"),
            _ => return None,
        };
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then(|| Self { host: host.to_owned(), authority, resource })
    }

    fn exchange_url(&self, ambient: &Ambient) -> Result<Url, Trouble> {
        let root = match &ambient.endpoints.azure_registry {
            Some(root) => root.clone(),
            None => format!("https://{}", self.host),
        };
        service_url(&format!("{root}/oauth2/exchange"), &self.host)
    }
}

/// Returns a refresh token of `registry`, by the first identity in the order of Azure's own tools.
pub(super) async fn issue(registry: &Registry, ambient: &Ambient) -> Result<Found<Issued>, Trouble> {
    let exchange = Exchange::new(ambient)?;
    let token = match application::Application::of_variables(ambient) {
        Some(application) => Some(application.token(registry, ambient, &exchange).await?),
        None => managed::token(registry, ambient, &exchange).await?,
    };
    let Some(token) = token else { return Ok(Found::Nowhere(looked_at())) };
    let refresh = refresh_token(registry, ambient, &exchange, &token).await?;
    let credential = Credential::IdentityToken(refresh);
    Ok(Found::Identity(Issued { credential, lifetime: lifetime(None, LIFETIME) }))
}

async fn refresh_token(
    registry: &Registry,
    ambient: &Ambient,
    exchange: &Exchange,
    token: &Secret,
) -> Result<Secret, Trouble> {
    let fields =
        [("grant_type", "access_token"), ("service", registry.host.as_str()), ("access_token", token.expose())];
    let tenant = ambient.text("AZURE_TENANT_ID").map(|tenant| ("tenant", tenant));
    let fields: Vec<(&str, &str)> = fields.into_iter().chain(tenant).collect();
    let attempted = format!("exchange the identity's token at {}", registry.host);
    let question = Question::form(attempted, registry.exchange_url(ambient)?, &fields).secret(token.expose());
    let answer = exchange.ask(&question).await.map_err(|trouble| match trouble.status {
        Some(401 | 403) => trouble.helped(format!("give this identity the role `AcrPush` on {}", registry.host)),
        _ => trouble,
    })?;
    let refresh = answer.json::<Refresh>()?.refresh_token.filter(|token| !token.is_empty());
    refresh.map(Secret::new).ok_or_else(|| answer.not_understood())
}

fn looked_at() -> Vec<String> {
    [
        "AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE",
        "IDENTITY_ENDPOINT",
        "instance metadata",
    ]
    .map(str::to_owned)
    .to_vec()
}
