//! A password in, a token out.

use reqwest::Method;
use serde_json::json;

use super::exchange::{self, Call};
use super::{ControlPlane, ControlPlaneError};
use crate::secret::Secret;

/// A token as the control plane issued it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The JWT.
    pub access_token: Secret,
    /// How long it lives, in seconds.
    pub expires_in: Option<u64>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// Of which tenant, on servers that have several.
    pub tenant: Option<String>,
}

impl ControlPlane {
    /// Exchanges a password for a token.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn login(&self, login: &Login) -> Result<Token, ControlPlaneError> {
        let mut body = json!({ "username": login.username, "password": login.password.expose() });
        if let Some(tenant) = &login.tenant {
            body["tenant"] = json!(tenant);
        }
        let call = Call {
            attempted: format!("log in as `{}`", login.username),
            method: Method::POST,
            path: &["auth", "token"],
            query: Vec::new(),
            body: Some(body.to_string().into_bytes()),
            secrets: vec![&login.password],
        };
        let answer = self.call(&call).await?;
        let access_token = Secret::new(answer.text("access_token")?);
        exchange::bearer(&access_token)?;
        Ok(Token { access_token, expires_in: answer.json["expires_in"].as_u64() })
    }
}
