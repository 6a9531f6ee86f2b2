//! `~/.aws/credentials` and `~/.aws/config`: a profile's static keys, or the role that it takes by a token.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::{Trouble, read};
use super::Keys;
use super::web_identity::Role;
use crate::credentials::ambient::Ambient;
use crate::secret::Secret;

/// What a profile gives.
pub(super) enum Identity {
    Keys(Keys),
    Role(Role),
}

type Settings = BTreeMap<String, String>;

/// Settings that lead to an identity by ways that are not built in.
const ELSEWHERE: &[&str] =
    &["sso_session", "sso_start_url", "credential_process", "source_profile", "credential_source"];

/// Returns the name of the profile.
pub(super) fn name(ambient: &Ambient) -> &str {
    ambient.text("AWS_PROFILE").unwrap_or("default")
}

/// Returns the files that profiles stand in: credentials, then config.
pub(super) fn files(ambient: &Ambient) -> impl Iterator<Item = PathBuf> {
    let named = |variable: &str, below: &str| ambient.path(variable).or_else(|| ambient.in_home(below));
    let files = [named("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), named("AWS_CONFIG_FILE", ".aws/config")];
    files.into_iter().flatten()
}

/// Returns what the profile gives; a profile that was named must give something.
pub(super) fn find(ambient: &Ambient) -> Result<Option<Identity>, Trouble> {
    let name = name(ambient);
    let settings = settings(ambient, name)?;
    let trouble = |reason: String| Trouble::new(format!("use the AWS profile `{name}`"), reason);
    if let Some(identity) = identity(&settings) {
        return Ok(Some(identity));
    }
    if let Some(way) = ELSEWHERE.iter().find(|way| settings.contains_key(**way)) {
        let help = format!("eval \"$(aws configure export-credentials --profile {name} --format env)\"");
        return Err(trouble(format!("it needs `{way}`, which is not built in")).helped(help));
    }
    match ambient.text("AWS_PROFILE") {
        Some(_) if settings.is_empty() => Err(trouble("there is no such profile".to_owned())),
        Some(_) => Err(trouble("it holds no keys".to_owned())),
        None => Ok(None),
    }
}

/// Returns all that both files say of a profile; the credentials file wins.
fn settings(ambient: &Ambient, name: &str) -> Result<Settings, Trouble> {
    let mut all = Settings::new();
    for file in files(ambient).filter(|file| file.exists()) {
        let text = read(&file)?;
        for (key, value) in section(&text, name) {
            all.entry(key).or_insert(value);
        }
    }
    Ok(all)
}

fn identity(settings: &Settings) -> Option<Identity> {
    let get = |key: &str| settings.get(key).filter(|value| !value.is_empty()).cloned();
    if let (Some(id), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key")) {
        let session_token = get("aws_session_token").map(Secret::new);
        return Some(Identity::Keys(Keys { access_key_id: id, secret_access_key: Secret::new(secret), session_token }));
    }
    let (arn, token_file) = (get("role_arn")?, get("web_identity_token_file")?.into());
    Some(Identity::Role(Role { arn, session_name: get("role_session_name"), token_file }))
}

/// Returns the settings of `[name]` or `[profile name]`; indented lines belong to a setting that is not ours.
fn section(text: &str, name: &str) -> Settings {
    let mut settings = Settings::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(title) = line.trim_end().strip_prefix('[') {
            let title = title.split(']').next().unwrap_or_default().trim();
            let title = title.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(title);
            inside = title.trim().trim_matches(['"', '\'']) == name;
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_as_amazons_tools_do() {
        let text = "# note\n[default]\nAWS_access_key_id = A\naws_secret_access_key=B=C\n\n[profile \"two words\"]\n\
                    s3 =\n  region = nested\nregion = eu-west-1\n; role_arn = no\n[profiled]\nregion = x\n[two]\n";
        let check = |name: &str, expected: &[(&str, &str)]| {
            let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            assert_eq!(section(text, name), expected, "{name}");
        };
        check("default", &[("aws_access_key_id", "A"), ("aws_secret_access_key", "B=C")]);
        check("two words", &[("s3", ""), ("region", "eu-west-1")]);
        check("profiled", &[("region", "x")]);
        check("two", &[]);
        check("none", &[]);
    }
}
