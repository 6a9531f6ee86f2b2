//! What bases were found to have, by their digest and what was asked: documents that their readers make sense of.

use leoflow_layers::Digest;

use super::directory::{Kind, touch};
use super::{Cache, discard, read};

/// No facts are larger, in bytes.
const LIMIT: u64 = 64 << 20;

impl Cache {
    /// Returns what was kept under `key`, which says in full what it depends on.
    #[must_use]
    pub fn facts(&self, key: &str) -> Option<Vec<u8>> {
        let directory = self.0.as_ref()?.directory(Kind::Facts)?;
        let name = name_of(key);
        let file = directory.get(&name)?;
        let bytes = read(&file, LIMIT).ok()?;
        let Some(facts) = unsealed(&bytes, key) else {
            discard(&directory, &name);
            return None;
        };
        touch(&file);
        Some(facts.to_vec())
    }

    /// Keeps facts, if that is possible.
    pub fn keep_facts(&self, key: &str, facts: &[u8]) {
        if let Some(cache) = &self.0 {
            let sealed = [seal(key, facts).as_bytes(), facts].concat();
            cache.write_little(sealed.len(), || cache.put(Kind::Facts, &name_of(key), sealed.as_slice()));
        }
    }
}

fn name_of(key: &str) -> String {
    Digest::of(key.as_bytes()).hex()
}

/// The line before the facts: what is spoilt is found out by it.
fn seal(key: &str, facts: &[u8]) -> String {
    format!("{} {key}\n", Digest::of(facts))
}

fn unsealed<'a>(bytes: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let (_, facts) = bytes.split_at_checked(bytes.iter().position(|byte| *byte == b'\n')? + 1)?;
    bytes.starts_with(seal(key, facts).as_bytes()).then_some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_that_were_touched_say_nothing() {
        let sealed = [seal("key", b"facts").as_bytes(), b"facts"].concat();
        assert_eq!(unsealed(&sealed, "key"), Some(&b"facts"[..]));
        assert_eq!(unsealed(&sealed, "other key"), None);
        assert_eq!(unsealed(&sealed[..sealed.len() - 1], "key"), None);
        assert_eq!(unsealed(b"", "key"), None);
    }
}
