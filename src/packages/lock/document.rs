//! A pylock.toml as it is written, whoever wrote it: its keys, each with its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::error::{LockError, LockFault};
use crate::secret::masked;
use crate::source::{SourceFile, SourceSpan};

/// The file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    pub(super) lock_version: Spanned<String>,
    #[serde(default)]
    pub(super) requires_python: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) environments: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) default_groups: Vec<String>,
    pub(super) packages: Vec<Package>,
    #[serde(default)]
    pub(super) tool: Tool,
}

/// `[[packages]]`
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Package {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) version: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) marker: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) requires_python: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(super) index: Option<String>,
    #[serde(default)]
    pub(super) wheels: Vec<Spanned<Wheel>>,
    #[serde(default)]
    pub(super) archive: Option<Spanned<Wheel>>,
    #[serde(default)]
    pub(super) vcs: Option<toml::Value>,
    #[serde(default)]
    pub(super) directory: Option<toml::Value>,
    #[serde(default)]
    pub(super) tool: PackageTool,
}

/// `packages.dependencies`
#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) name: Spanned<String>,
}

/// `packages.wheels` and `packages.archive`
#[derive(Deserialize)]
pub(super) struct Wheel {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) url: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) path: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) hashes: BTreeMap<String, Spanned<String>>,
}

/// `[packages.tool]`
#[derive(Default, Deserialize)]
pub(super) struct PackageTool {
    #[serde(default)]
    pub(super) leoflow: OursOfPackage,
}

/// `[packages.tool.leoflow]`
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OursOfPackage {
    #[serde(default)]
    pub(super) extras: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) dependencies_in_base: Vec<Spanned<String>>,
}

/// `[tool]`
#[derive(Default, Deserialize)]
pub(super) struct Tool {
    #[serde(default)]
    pub(super) leoflow: Option<Ours>,
}

/// `[tool.leoflow]`
#[derive(Deserialize)]
pub(super) struct Ours {
    pub(super) format: Spanned<u32>,
    pub(super) platform: Spanned<String>,
    pub(super) python: Spanned<String>,
    pub(super) libc: Spanned<String>,
    pub(super) requirements: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) kept: Vec<Kept>,
    #[serde(default)]
    pub(super) base: Option<Base>,
}

/// `[[tool.leoflow.kept]]`
#[derive(Deserialize)]
pub(super) struct Kept {
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    #[serde(default)]
    pub(super) dependencies: Vec<Spanned<String>>,
}

/// `[tool.leoflow.base]`
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Base {
    pub(super) digest: Spanned<String>,
    #[serde(default)]
    pub(super) debian: std::collections::BTreeSet<String>,
    pub(super) python: Python,
    #[serde(default)]
    pub(super) replaced: Vec<Replaced>,
}

/// `[tool.leoflow.base.python]`
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Python {
    pub(super) executable: String,
    pub(super) site_packages: String,
    pub(super) scripts: String,
    pub(super) prefix: String,
    pub(super) include: String,
}

/// `[[tool.leoflow.base.replaced]]`
#[derive(Deserialize)]
pub(super) struct Replaced {
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    pub(super) directory: String,
    #[serde(default)]
    pub(super) files: Vec<String>,
}

/// A text with its path, for faults to point into.
#[derive(Debug, Clone)]
pub(super) struct Source(pub(super) Arc<SourceFile>);

impl Source {
    pub(super) fn new(text: &str, path: &Path) -> Self {
        Self(Arc::new(SourceFile { path: path.to_owned(), text: text.to_owned() }))
    }

    /// Makes the error that points at a range of bytes.
    pub(super) fn fault(&self, range: Range<usize>, message: impl Into<String>, help: &str) -> LockError {
        let span = SourceSpan { file: Arc::clone(&self.0), range };
        LockError::Fault(Box::new(LockFault { span, message: masked(&message.into()), help: Some(help.to_owned()) }))
    }

    /// Parses a value of the file; `what` it should be is said when it is not.
    pub(super) fn parse<T: std::str::FromStr>(&self, text: &Spanned<String>, what: &str) -> Result<T, LockError> {
        text.get_ref().parse().map_err(|_| {
            self.fault(text.span(), format!("`{}` is not {what}", text.get_ref()), "run `leoflow lock` anew")
        })
    }
}

/// Reads the keys of a pylock.toml.
pub(super) fn parse(source: &Source) -> Result<Document, LockError> {
    let document: Document = toml::from_str(&source.0.text).map_err(|error| {
        let message = format!("not a pylock.toml: {}", error.message());
        source.fault(error.span().unwrap_or(0..0), message, "restore the file, or write it anew: `leoflow lock`")
    })?;
    check_version(source, &document.lock_version)?;
    Ok(document)
}

/// "If a tool doesn't support a major version, it MUST raise an error" (`lock-version`).
fn check_version(source: &Source, version: &Spanned<String>) -> Result<(), LockError> {
    if version.get_ref().split('.').next() == Some("1") {
        return Ok(());
    }
    let message = format!("lock-version {} is newer than this program, which reads 1.0", version.get_ref());
    Err(source.fault(version.span(), message, "update leoflow, or write the file anew: `leoflow lock`"))
}
