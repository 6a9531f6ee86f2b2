//! What a lock file is called.

use pep440_rs::Version;

use crate::image::Platform;

/// Returns `pylock.linux-amd64-py311.toml`. The part in the middle may hold no dot (PyPA specification "pylock.toml", "File
/// Name"), hence `py311` for Python 3.11.
#[must_use]
pub fn file_name(platform: &Platform, python: &Version) -> String {
    let platform = platform.to_string().replace('/', "-");
    let python: String = python.release().iter().take(2).map(u64::to_string).collect();
    format!("pylock.{platform}-py{python}.toml")
}
