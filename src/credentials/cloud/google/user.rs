//! What `gcloud auth application-default login` writes: a user's refresh token in, an access token out.

use serde::Deserialize;

use super::super::Trouble;
use super::super::exchange::{Exchange, Question, service_url};
use super::{TOKEN_URI, Token};

/// `"type": "authorized_user"`
#[derive(Deserialize)]
pub(super) struct User {
    client_id: String,
    client_secret: String,
    refresh_token: String,
    token_uri: Option<String>,
}

impl User {
    pub(super) async fn token(&self, exchange: &Exchange) -> Result<Token, Trouble> {
        let uri = self.token_uri.as_deref().unwrap_or(TOKEN_URI);
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("refresh_token", &self.refresh_token),
        ];
        let question = Question::form(format!("get a token from {uri}"), service_url(uri, "token_uri")?, &fields)
            .secret(&self.client_secret)
            .secret(&self.refresh_token);
        let answer = exchange.ask(&question).await.map_err(|trouble| match trouble.status {
            Some(400 | 401) => trouble.helped("log in again: `gcloud auth application-default login`"),
            _ => trouble,
        })?;
        Token::of(&answer)
    }
}
