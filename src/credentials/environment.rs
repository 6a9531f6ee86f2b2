//! `registry.auth_method: env`: a credential in variables, for the registry that an image goes to and no other.

use super::ambient::Ambient;
use super::{Credential, CredentialError, basic};
use crate::secret::Secret;

const USERNAME: &str = "LEOFLOW_REGISTRY_USERNAME";
const PASSWORD: &str = "LEOFLOW_REGISTRY_PASSWORD";
const TOKEN: &str = "LEOFLOW_REGISTRY_TOKEN";
const IDENTITY_TOKEN: &str = "LEOFLOW_REGISTRY_IDENTITY_TOKEN";

/// Returns the one credential that the variables hold. None, half of one and two are errors: whom to present is not
/// guessed.
pub(super) fn credential(ambient: &Ambient) -> Result<Credential, CredentialError> {
    let fail = |reason: String| Err(CredentialError::Variables { reason });
    let secret = |name: &str| ambient.text(name).map(Secret::new);
    match (ambient.text(USERNAME), ambient.text(PASSWORD), secret(TOKEN), secret(IDENTITY_TOKEN)) {
        (Some(username), Some(password), None, None) => Ok(basic(username, password)),
        (None, None, Some(token), None) => Ok(Credential::Bearer(token)),
        (None, None, None, Some(token)) => Ok(Credential::IdentityToken(token)),
        (None, None, None, None) => fail(format!("neither {USERNAME} and {PASSWORD} nor {TOKEN} are set")),
        (Some(_), None, None, None) => fail(format!("{USERNAME} is set, but {PASSWORD} is not")),
        (None, Some(_), None, None) => fail(format!("{PASSWORD} is set, but {USERNAME} is not")),
        _ => {
            let set = [USERNAME, PASSWORD, TOKEN, IDENTITY_TOKEN].map(|name| ambient.text(name).map(|_| name));
            let set: Vec<&str> = set.into_iter().flatten().collect();
            fail(format!("{} are set, which is more than one credential", set.join(", ")))
        }
    }
}
