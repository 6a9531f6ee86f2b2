//! Keys that a container platform or an instance hands out on an address of its own.

use serde::Deserialize;
use url::{Host, Url};

use super::super::exchange::{Exchange, Question, metadata_url};
use super::super::{Trouble, read_token};
use super::Keys;
use crate::credentials::ambient::Ambient;
use crate::http::is_loopback;
use crate::secret::Secret;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// What both answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    token: Option<String>,
}

impl Answer {
    fn keys(self) -> Option<Keys> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Some(Keys {
            access_key_id: given(self.access_key_id)?,
            secret_access_key: Secret::new(given(self.secret_access_key)?),
            session_token: given(self.token).map(Secret::new),
        })
    }
}

/// Asks the container credential provider that the variables name, if they do ("Container credential provider", AWS SDKs
/// and Tools Reference Guide).
pub(super) async fn of_container(ambient: &Ambient, exchange: &Exchange) -> Result<Option<Keys>, Trouble> {
    let Some(url) = container_url(ambient)? else { return Ok(None) };
    let public = url.scheme() == "https" && !is_platform(&url);
    let mut question = Question::get(format!("get keys from {}", url.origin().ascii_serialization()), url);
    if !public {
        question = question.near();
    }
    let token = match ambient.path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(read_token(&file)?),
        None => ambient.text("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(str::to_owned),
    };
    if let Some(token) = token {
        question = question.secret(&token).header("authorization", token);
    }
    let answer = exchange.ask(&question).await?;
    let keys = answer.json::<Answer>()?.keys();
    keys.map(Some).ok_or_else(|| answer.not_understood())
}

fn container_url(ambient: &Ambient) -> Result<Option<Url>, Trouble> {
    if let Some(path) = ambient.text(RELATIVE) {
        if !path.starts_with('/') {
            return Err(Trouble::new(format!("use {RELATIVE}"), "it does not begin with `/`"));
        }
        return metadata_url(&format!("{}{path}", ambient.endpoints.aws_container), RELATIVE).map(Some);
    }
    let Some(text) = ambient.text(FULL) else { return Ok(None) };
    let url = metadata_url(text, FULL)?;
    if is_allowed(&url) {
        return Ok(Some(url));
    }
    let host = url.host_str().unwrap_or_default();
    Err(Trouble::new(format!("use {FULL}"), format!("keys are not asked for in plain HTTP at `{host}`")))
}

/// Plain HTTP is for this machine, and for the addresses of ECS and EKS.
fn is_allowed(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url) || is_platform(url)
}

fn is_platform(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => matches!(address.octets(), [169, 254, 170, 2 | 23]),
        Some(Host::Ipv6(address)) => address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23],
        _ => false,
    }
}

/// Returns whether the instance must not be asked.
pub(super) fn instance_is_disabled(ambient: &Ambient) -> bool {
    ambient.text("AWS_EC2_METADATA_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// Asks the instance that this may be, by sessions only (IMDSv2). `None` when it is none, or has no role.
pub(super) async fn of_instance(ambient: &Ambient, exchange: &Exchange) -> Result<Option<Keys>, Trouble> {
    const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    if instance_is_disabled(ambient) {
        return Ok(None);
    }
    let root = ambient.text(ENDPOINT).unwrap_or(&ambient.endpoints.aws_instance);
    let url = |path: &str| metadata_url(&format!("{}{path}", root.trim_end_matches('/')), ENDPOINT);
    let question = Question::put("open a session with instance metadata", url("/latest/api/token")?)
        .header("x-aws-ec2-metadata-token-ttl-seconds", "300".to_owned())
        .near();
    let session = match exchange.ask_whether(&question).await {
        Ok(Some(answer)) => answer.text(),
        Ok(None) => return Ok(None),
        // Another cloud's instance metadata knows no such path.
        Err(trouble) if matches!(trouble.status, Some(403 | 404 | 405)) => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let ask = |what: &str, url: Url| {
        let question = Question::get(format!("get {what} from instance metadata"), url);
        question.header("x-aws-ec2-metadata-token", session.clone()).secret(&session).near()
    };
    let mut url = url("/latest/meta-data/iam/security-credentials/")?;
    let role = match exchange.ask(&ask("the role", url.clone())).await {
        Ok(answer) => answer.text().lines().next().unwrap_or_default().to_owned(),
        Err(trouble) if trouble.status == Some(404) => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(&role);
    }
    let answer = exchange.ask(&ask("keys", url)).await?;
    let keys = answer.json::<Answer>()?.keys();
    keys.map(Some).ok_or_else(|| answer.not_understood())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_keys_are_asked_for_where_amazon_allows_it() {
        for (url, expected) in [
            ("http://169.254.170.2/x", true),
            ("http://169.254.170.23/x", true),
            ("http://[fd00:ec2::23]/x", true),
            ("http://127.0.0.1:80/x", true),
            ("http://localhost/x", true),
            ("https://keys.example.com/x", true),
            ("http://keys.example.com/x", false),
            ("http://169.254.169.254/x", false),
            ("http://10.0.0.1/x", false),
        ] {
            let ambient = Ambient::of(&|name| (name == FULL).then(|| url.into()), 0);
            assert_eq!(container_url(&ambient).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn a_relative_path_does_not_lead_elsewhere() {
        for (path, expected) in [
            ("/v2/keys", Some("http://169.254.170.2/v2/keys")),
            ("//evil.example.com/x", Some("http://169.254.170.2//evil.example.com/x")),
            ("@evil.example.com/x", None),
            (".evil.example.com/x", None),
        ] {
            let ambient = Ambient::of(&|name| (name == RELATIVE).then(|| path.into()), 0);
            let url = container_url(&ambient).ok().flatten();
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{path}");
        }
    }
}
