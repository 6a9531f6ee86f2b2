//! `~/.leoflow/config.yaml`: where `auth login` keeps server and token, and `target add` targets. Other keys and comments
//! stay as they are.

mod edit;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub use self::edit::Edit;
use self::edit::{parse, read};
use super::indexes::{self, IndexSettings};
use super::registries::{self, RegistrySettings};
use super::report::Failure;
use super::targets::{self, Target};
use url::Url;

use crate::project::YamlEntry;
use crate::secret::Secret;

/// What the settings say.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The control plane logged in to.
    pub server_url: Option<String>,
    /// Its token.
    pub token: Option<Secret>,
    /// The targets, by name.
    pub targets: BTreeMap<String, Target>,
    /// The target that is used unless another one is named.
    pub current_target: Option<String>,
    /// Whether others on this machine can read a token.
    pub exposed: bool,
    /// What is said of registries.
    pub registries: RegistrySettings,
    /// What is said of package indexes.
    pub indexes: IndexSettings,
}

impl Settings {
    /// Reads the settings; a file that does not exist says nothing.
    ///
    /// # Errors
    /// When it cannot be read, is not YAML, or says something of registries that means nothing.
    pub fn load(file: &Path) -> Result<Self, Failure> {
        let text = read(file)?;
        let entries = parse(file, &text)?;
        let value =
            |key: &str| find(&entries, key).and_then(|entry| entry.value.clone()).filter(|text| !text.is_empty());
        if let Some((entry, meant)) = entries.iter().find_map(|entry| Some((entry, nearly(&entry.key)?))) {
            return Err(Failure::usage(
                format!("`{}`: `{}` means nothing here", file.display(), entry.key),
                format!("write `{meant}:`, or remove it"),
            ));
        }
        let token = value("token").map(Secret::new);
        let targets = match find(&entries, "targets") {
            Some(_) => targets::read(file, text.clone())?,
            None => BTreeMap::new(),
        };
        let keeps_token = token.is_some() || targets.values().any(|target| target.token.is_some());
        let exposed = keeps_token && others_can_read(file);
        let registries = match find(&entries, "registries") {
            Some(_) => registries::read(file, text.clone())?,
            None => RegistrySettings::default(),
        };
        let indexes = match find(&entries, "packages") {
            Some(_) => indexes::read(file, text)?,
            None => IndexSettings::default(),
        };
        let (server_url, current_target) = (value("server_url"), value("current_target"));
        Ok(Self { server_url, token, targets, current_target, exposed, registries, indexes })
    }

    /// Writes server and token, keeping everything else in the file.
    ///
    /// # Errors
    /// When the file cannot be understood or replaced.
    pub fn save_login(file: &Path, server_url: &str, token: &Secret) -> Result<(), Failure> {
        let mut edit = Edit::open(file)?;
        edit.set(&["server_url"], &server_url.into())?;
        edit.set(&["token"], &token.expose().into())?;
        edit.save()
    }

    /// Writes the token of a target, keeping everything else in the file.
    ///
    /// # Errors
    /// When the file cannot be understood or replaced.
    pub fn save_token(file: &Path, target: &str, token: &Secret) -> Result<(), Failure> {
        let mut edit = Edit::open(file)?;
        edit.set(&["targets", target, "token"], &token.expose().into())?;
        edit.save()
    }

    /// Returns whether the token that no target has is for `server`.
    #[must_use]
    pub fn is_logged_in_to(&self, server: &Url) -> bool {
        let issuer = self.server_url.as_deref().map(Url::parse);
        self.token.is_some() && issuer.is_some_and(|url| url.is_ok_and(|url| url.origin() == server.origin()))
    }
}

/// Keys of others are kept, but one that was meant for us must not be without effect: it may say `blocked: true`, or
/// `no-index: true`.
fn nearly(key: &str) -> Option<&'static str> {
    let distance = |ours: &str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), ours);
    [("registries", 3), ("packages", 2), ("targets", 1), ("current_target", 2)]
        .into_iter()
        .find_map(|(ours, near)| (key != ours && distance(ours) <= near).then_some(ours))
}

fn others_can_read(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

fn find<'a>(entries: &'a [YamlEntry], key: &str) -> Option<&'a YamlEntry> {
    entries.iter().find(|entry| entry.key == key)
}
