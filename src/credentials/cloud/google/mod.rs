//! Artifact Registry and Container Registry: Application Default Credentials in, an access token out, which the registry
//! takes as the password of `oauth2accesstoken`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::exchange::{Answer, Exchange};
use super::{Found, Trouble, lifetime, read};
use crate::credentials::ambient::Ambient;
use crate::credentials::{Issued, basic};
use crate::secret::Secret;
use crate::time;

mod external_account;
mod metadata;
mod service_account;
mod user;

/// What a registry needs; what the identity may do beyond that is for its roles to say.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The life of a token when its service does not say, in seconds.
const LIFETIME: u64 = 5 * 60;

/// A credential file, by its `type` (Google Cloud, "Application Default Credentials").
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum File {
    ServiceAccount(service_account::Key),
    AuthorizedUser(user::User),
    ExternalAccount(Box<external_account::Account>),
    #[serde(other)]
    Other,
}

/// An access token, and how long it lives, in seconds.
struct Token {
    token: Secret,
    lifetime: Option<u64>,
}

/// What every token service of Google's answers.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

impl Token {
    fn of(answer: &Answer) -> Result<Self, Trouble> {
        let TokenAnswer { access_token, expires_in } = answer.json()?;
        let token = access_token.filter(|token| !token.is_empty()).ok_or_else(|| answer.not_understood())?;
        Ok(Self { token: Secret::new(token), lifetime: time::seconds(&expires_in) })
    }
}

/// Returns a credential by the first place that has one: the file that a variable names, gcloud's, the metadata server.
pub(super) async fn issue(ambient: &Ambient) -> Result<Found<Issued>, Trouble> {
    let exchange = Exchange::new(ambient)?;
    let token = match file(ambient) {
        Some(path) => Some(of_file(&path, ambient, &exchange).await?),
        None => metadata::token(ambient, &exchange).await?,
    };
    let Some(Token { token, lifetime: seconds }) = token else { return Ok(Found::Nowhere(looked_at(ambient))) };
    let credential = basic("oauth2accesstoken", token.expose());
    Ok(Found::Identity(Issued { credential, lifetime: lifetime(seconds, LIFETIME) }))
}

/// Returns the credential file. One that was named counts even when it is not there.
fn file(ambient: &Ambient) -> Option<PathBuf> {
    ambient.path("GOOGLE_APPLICATION_CREDENTIALS").or_else(|| gcloud_file(ambient).filter(|file| file.exists()))
}

fn gcloud_file(ambient: &Ambient) -> Option<PathBuf> {
    let directory = ambient.path("CLOUDSDK_CONFIG").or_else(|| ambient.in_home(".config/gcloud"));
    directory.map(|directory| directory.join("application_default_credentials.json"))
}

async fn of_file(path: &std::path::Path, ambient: &Ambient, exchange: &Exchange) -> Result<Token, Trouble> {
    let trouble = |reason: &str| Trouble::new(format!("use `{}`", path.display()), reason);
    let log_in = "`gcloud auth application-default login` writes one that can be used";
    // The parser's own words may quote a key.
    let file: File = serde_json::from_str(&read(path)?)
        .map_err(|_| trouble("it is not a credential file of Google Cloud").helped(log_in))?;
    match file {
        File::ServiceAccount(key) => key.token(&path.display().to_string(), ambient, exchange).await,
        File::AuthorizedUser(user) => user.token(exchange).await,
        File::ExternalAccount(account) => account.token(ambient, exchange).await,
        File::Other => Err(trouble("credentials of its `type` are not built in").helped(log_in)),
    }
}

fn looked_at(ambient: &Ambient) -> Vec<String> {
    let gcloud = gcloud_file(ambient).map(|path| path.display().to_string());
    [Some("GOOGLE_APPLICATION_CREDENTIALS".to_owned()), gcloud, Some("the metadata server".to_owned())]
        .into_iter()
        .flatten()
        .collect()
}
