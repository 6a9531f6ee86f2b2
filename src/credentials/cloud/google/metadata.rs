//! The metadata server of Compute Engine, GKE and Cloud Run.

use super::super::Trouble;
use super::super::exchange::{Exchange, Question, metadata_url};
use super::Token;
use crate::credentials::ambient::Ambient;

const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// Returns the token of the host's service account; `None` when this is no host of Google's, or has none.
pub(super) async fn token(ambient: &Ambient, exchange: &Exchange) -> Result<Option<Token>, Trouble> {
    let root = match ambient.text("GCE_METADATA_HOST") {
        Some(host) => format!("http://{host}"),
        None => ambient.endpoints.google_metadata.clone(),
    };
    let url = metadata_url(&format!("{root}{PATH}"), "GCE_METADATA_HOST")?;
    let question = Question::get("get a token from the metadata server", url);
    let question = question.header("metadata-flavor", "Google".to_owned()).near();
    match exchange.ask_whether(&question).await {
        // Somebody else's server answers for unknown names in many a network; Google's says that it is Google's.
        Ok(Some(answer)) if answer.header("metadata-flavor") != Some("Google") => Ok(None),
        Ok(Some(answer)) => Token::of(&answer).map(Some),
        Ok(None) => Ok(None),
        Err(trouble) if trouble.status == Some(404) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
