//! An application that is registered with Entra ID, by its secret or by a token that it trusts (workload identity).

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::super::exchange::{Exchange, Question, service_url};
use super::super::{Trouble, read_token};
use super::Registry;
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;

const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

/// What the variables say.
pub(super) struct Application {
    tenant: String,
    client: String,
    proof: Proof,
}

enum Proof {
    Secret(Secret),
    /// Another issuer's token.
    File(PathBuf),
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
}

impl Application {
    pub(super) fn of_variables(ambient: &Ambient) -> Option<Self> {
        let secret = ambient.text("AZURE_CLIENT_SECRET").map(|text| Proof::Secret(Secret::new(text)));
        let proof = secret.or_else(|| ambient.path("AZURE_FEDERATED_TOKEN_FILE").map(Proof::File))?;
        let text = |name| ambient.text(name).map(str::to_owned);
        Some(Self { tenant: text("AZURE_TENANT_ID")?, client: text("AZURE_CLIENT_ID")?, proof })
    }

    /// Returns a token for the registries of the cloud (OAuth 2.0, client credentials).
    pub(super) async fn token(
        &self,
        registry: &Registry,
        ambient: &Ambient,
        exchange: &Exchange,
    ) -> Result<Secret, Trouble> {
        let url = self.url(registry, ambient)?;
        let scope = format!("{}/.default", registry.resource);
        let mut fields =
            vec![("grant_type", "client_credentials"), ("client_id", &self.client), ("scope", scope.as_str())];
        let secret = match &self.proof {
            Proof::Secret(secret) => secret.clone(),
            Proof::File(file) => Secret::new(read_token(file)?),
        };
        match self.proof {
            Proof::Secret(_) => fields.push(("client_secret", secret.expose())),
            Proof::File(_) => fields.extend([
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", secret.expose()),
            ]),
        }
        let attempted = format!("get a token for {} from {}", self.client, url.origin().ascii_serialization());
        let answer = exchange.ask(&Question::form(attempted, url, &fields).secret(secret.expose())).await?;
        let token = answer.json::<Answer>()?.access_token.filter(|token| !token.is_empty());
        token.map(Secret::new).ok_or_else(|| answer.not_understood())
    }

    fn url(&self, registry: &Registry, ambient: &Ambient) -> Result<Url, Trouble> {
        let authority = match ambient.text(AUTHORITY) {
            Some(host) if host.contains("://") => host.to_owned(),
            Some(host) => format!("https://{host}"),
            None => registry.authority.to_owned(),
        };
        let mut url = service_url(&authority, AUTHORITY)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend([self.tenant.as_str(), "oauth2", "v2.0", "token"]);
        }
        Ok(url)
    }
}
