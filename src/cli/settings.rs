//! `~/.leoflow/config.yaml`: where `auth login` keeps server and token. Other keys and comments stay as they are.

use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use super::exit::Exit;
use super::indexes::{self, IndexSettings};
use super::registries::{self, RegistrySettings};
use super::report::{Failure, reason};
use crate::project::{TopLevelEntry, top_level};
use crate::secret::Secret;
use crate::source::SourceFile;

/// What the settings say.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The control plane logged in to.
    pub server_url: Option<String>,
    /// Its token.
    pub token: Option<Secret>,
    /// Whether others on this machine can read the token.
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
        let exposed = token.is_some() && others_can_read(file);
        let registries = match find(&entries, "registries") {
            Some(_) => registries::read(file, text.clone())?,
            None => RegistrySettings::default(),
        };
        let indexes = match find(&entries, "packages") {
            Some(_) => indexes::read(file, text)?,
            None => IndexSettings::default(),
        };
        Ok(Self { server_url: value("server_url"), token, exposed, registries, indexes })
    }

    /// Writes server and token, keeping everything else in the file.
    ///
    /// # Errors
    /// When the file cannot be understood or replaced.
    pub fn save_login(file: &Path, server_url: &str, token: &Secret) -> Result<(), Failure> {
        let text = with_value(file, read(file)?, "server_url", server_url)?;
        let text = with_value(file, text, "token", token.expose())?;
        parse(file, &text).map_err(|_| not_by_lines(file))?;
        replace(file, &text).map_err(|error| unwritable(file, &error))
    }

    /// Removes the token, keeping everything else in the file. Returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be understood or replaced.
    pub fn remove_token(file: &Path) -> Result<bool, Failure> {
        let mut text = read(file)?;
        let entries = parse(file, &text)?;
        let Some(token) = find(&entries, "token") else { return Ok(false) };
        text.replace_range(whole_lines(&text, &token.range), "");
        let left = parse(file, &text).map_err(|_| not_by_lines(file))?;
        let others = entries.iter().filter(|entry| entry.key != "token").map(|entry| (&entry.key, &entry.value));
        if !others.eq(left.iter().map(|entry| (&entry.key, &entry.value))) {
            return Err(not_by_lines(file));
        }
        replace(file, &text).map_err(|error| unwritable(file, &error))?;
        Ok(true)
    }
}

/// Keys of others are kept, but one that was meant for us must not be without effect: it may say `blocked: true`, or
/// `no-index: true`.
fn nearly(key: &str) -> Option<&'static str> {
    let distance = |ours: &str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), ours);
    [("registries", 3), ("packages", 2)]
        .into_iter()
        .find_map(|(ours, near)| (key != ours && distance(ours) <= near).then_some(ours))
}

/// Lines are what is edited; `{token: …, server_url: …}` is one.
fn not_by_lines(file: &Path) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("cannot change `{}` and keep the rest of it: nothing was changed", file.display()),
        Some("write each key on a line of its own, or remove the file and log in again".into()),
    )
}

fn read(file: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!("cannot read `{}`: {error}", file.display()),
            Some("make it a readable UTF-8 file, or remove it and log in again".into()),
        )),
    }
}

fn others_can_read(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Faults are told without the source line: it may hold the token.
fn parse(file: &Path, text: &str) -> Result<Vec<TopLevelEntry>, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text: text.to_owned() });
    top_level(&source).map_err(|fault| {
        let (line, column) = fault.span.position();
        Failure::new(
            Exit::Usage,
            format!("`{}`, line {line}, column {column}: {}", file.display(), fault.message),
            Some("mend that line, or remove the file and log in again".into()),
        )
    })
}

fn find<'a>(entries: &'a [TopLevelEntry], key: &str) -> Option<&'a TopLevelEntry> {
    entries.iter().find(|entry| entry.key == key)
}

/// Returns `text` with a top-level key set, in its place or at the end.
fn with_value(file: &Path, mut text: String, key: &str, value: &str) -> Result<String, Failure> {
    // A JSON string is a YAML double-quoted scalar.
    let value = serde_json::Value::from(value).to_string();
    match find(&parse(file, &text)?, key) {
        Some(entry) => {
            let space = if text[..entry.value_range.start].ends_with(':') { " " } else { "" };
            text.replace_range(entry.value_range.clone(), &format!("{space}{value}"));
        }
        None => {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&format!("{key}: {value}\n"));
        }
    }
    Ok(text)
}

fn whole_lines(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    start..end
}

/// Replaces the file as a whole: 0600 in a directory that is created 0700.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // A link (dotfiles kept elsewhere) stays a link.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".config.yaml.")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::System,
        format!("cannot write `{}`: {}", file.display(), reason(error)),
        Some("make its directory writable, or use LEOFLOW_SERVER_URL and LEOFLOW_TOKEN".into()),
    )
}
