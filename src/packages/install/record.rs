//! The RECORD of what was installed (PyPA specification "Recording installed projects").

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::layers::Digest;
use crate::packages::wheel::record::quoted;

/// Collects rows, and writes them in order.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<String, String>);

impl Rows {
    /// Adds a file; `path` is relative to the directory of packages.
    pub(super) fn add(&mut self, path: String, hash: &str, size: u64) {
        self.0.insert(path, format!("{},{size}", quoted(hash)));
    }

    /// Returns the file, with a line for itself at `path`, which has no hash.
    pub(super) fn finish(mut self, path: String) -> Vec<u8> {
        self.0.insert(path, ",".to_owned());
        let lines = self.0.into_iter().map(|(path, rest)| format!("{},{rest}\n", quoted(&path)));
        lines.collect::<String>().into_bytes()
    }
}

/// Returns a hash as a RECORD has it.
pub(super) fn hash(digest: &Digest) -> String {
    format!("sha256={}", URL_SAFE_NO_PAD.encode(digest.as_bytes()))
}
