//! Where Amazon's keys are looked for, in the order of Amazon's own tools.

use super::super::exchange::Exchange;
use super::super::{Found, Trouble};
use super::{Keys, Registry, metadata, profile, web_identity};
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;

/// Returns the keys of the first place that has any: variables, web identity, profile, container, instance.
pub(super) async fn keys(registry: &Registry, ambient: &Ambient, exchange: &Exchange) -> Result<Found<Keys>, Trouble> {
    if let Some(keys) = of_variables(ambient)? {
        return Ok(Found::Identity(keys));
    }
    if let Some(role) = web_identity::Role::of_variables(ambient) {
        return role.assume(registry, ambient, exchange).await.map(Found::Identity);
    }
    match profile::find(ambient)? {
        Some(profile::Identity::Keys(keys)) => return Ok(Found::Identity(keys)),
        Some(profile::Identity::Role(role)) => {
            return role.assume(registry, ambient, exchange).await.map(Found::Identity);
        }
        None => {}
    }
    if let Some(keys) = metadata::of_container(ambient, exchange).await? {
        return Ok(Found::Identity(keys));
    }
    if let Some(keys) = metadata::of_instance(ambient, exchange).await? {
        return Ok(Found::Identity(keys));
    }
    Ok(Found::Nowhere(looked_at(ambient)))
}

fn of_variables(ambient: &Ambient) -> Result<Option<Keys>, Trouble> {
    const ID: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    let half = |set: &str, missing: &str| {
        Trouble::new("use the keys in the environment", format!("{set} is set, but {missing} is not"))
    };
    match (ambient.text(ID), ambient.text(SECRET)) {
        (Some(id), Some(secret)) => Ok(Some(Keys {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: ambient.text("AWS_SESSION_TOKEN").map(Secret::new),
        })),
        (Some(_), None) => Err(half(ID, SECRET)),
        (None, Some(_)) => Err(half(SECRET, ID)),
        (None, None) => Ok(None),
    }
}

fn looked_at(ambient: &Ambient) -> Vec<String> {
    let files = profile::files(ambient).map(|path| path.display().to_string()).collect::<Vec<_>>();
    let profile = match files.is_empty() {
        true => "a profile (there is no home directory)".to_owned(),
        false => format!("profile `{}` in {}", profile::name(ambient), files.join(" and ")),
    };
    let instance = match metadata::instance_is_disabled(ambient) {
        true => "instance metadata (AWS_EC2_METADATA_DISABLED)".to_owned(),
        false => "instance metadata".to_owned(),
    };
    vec![
        "AWS_ACCESS_KEY_ID".to_owned(),
        "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
        profile,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(),
        instance,
    ]
}
