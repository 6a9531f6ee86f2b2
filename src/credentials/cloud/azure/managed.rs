//! The identity that Azure gives a machine or an app: no secret of the user's is involved.

use serde::Deserialize;
use url::{Host, Url};

use super::super::Trouble;
use super::super::exchange::{Answer, Exchange, Question, metadata_url};
use super::Registry;
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;

const ENDPOINT: &str = "IDENTITY_ENDPOINT";

#[derive(Deserialize)]
struct Token {
    access_token: Option<String>,
}

/// Returns a token for the registries of the cloud; `None` when this host has no identity.
pub(super) async fn token(
    registry: &Registry,
    ambient: &Ambient,
    exchange: &Exchange,
) -> Result<Option<Secret>, Trouble> {
    match (ambient.text(ENDPOINT), ambient.text("IDENTITY_HEADER")) {
        (Some(endpoint), Some(header)) => of_app(endpoint, header, registry, ambient, exchange).await.map(Some),
        _ => of_instance(registry, ambient, exchange).await,
    }
}

/// App Service, Functions, Container Apps.
async fn of_app(
    endpoint: &str,
    header: &str,
    registry: &Registry,
    ambient: &Ambient,
    exchange: &Exchange,
) -> Result<Secret, Trouble> {
    let url = asked(metadata_url(endpoint, ENDPOINT)?, "2019-08-01", registry, ambient);
    if url.scheme() != "https" && !is_inside(&url) {
        let host = url.host_str().unwrap_or_default();
        return Err(Trouble::new(format!("use {ENDPOINT}"), format!("`{host}` is asked in plain HTTP and not inside")));
    }
    let question = Question::get("get a token of the managed identity", url).near();
    let question = question.header("x-identity-header", header.to_owned()).secret(header);
    of_answer(&exchange.ask(&question).await?)
}

/// Virtual machines, scale sets, AKS nodes.
async fn of_instance(registry: &Registry, ambient: &Ambient, exchange: &Exchange) -> Result<Option<Secret>, Trouble> {
    let url = metadata_url(&format!("{}/metadata/identity/oauth2/token", ambient.endpoints.azure_instance), ENDPOINT)?;
    let question = Question::get("get a token from instance metadata", asked(url, "2018-02-01", registry, ambient));
    match exchange.ask_whether(&question.header("metadata", "true".to_owned()).near()).await {
        Ok(Some(answer)) => of_answer(&answer).map(Some),
        Ok(None) => Ok(None),
        // No identity is assigned; or this is another cloud's metadata service.
        Err(trouble) if trouble.status == Some(404) || trouble.reason.contains("Identity not found") => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

fn asked(mut url: Url, version: &str, registry: &Registry, ambient: &Ambient) -> Url {
    url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", registry.resource);
    if let Some(client) = ambient.text("AZURE_CLIENT_ID") {
        url.query_pairs_mut().append_pair("client_id", client);
    }
    url
}

fn of_answer(answer: &Answer) -> Result<Secret, Trouble> {
    let token = answer.json::<Token>()?.access_token.filter(|token| !token.is_empty());
    token.map(Secret::new).ok_or_else(|| answer.not_understood())
}

/// Platforms put the endpoint on this machine, its link or a private network.
fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local() || address.is_private(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local()
        }
        None => false,
    }
}
