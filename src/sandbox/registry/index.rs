//! The `index.json` of a layout: which manifests there are, and which tags point at them.

use std::io;

use serde_json::{Value, json};

use super::content::ContentDigest;
use crate::image::media_type;

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// One manifest of a repository, and one tag of it if it has any; a manifest with three tags has three entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    pub(super) tag: Option<String>,
}

/// The manifests of a repository, ordered by digest and tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    entries: Vec<Entry>,
}

impl Index {
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Self> {
        let value: Value = serde_json::from_slice(bytes)?;
        let manifests = value["manifests"].as_array().map(Vec::as_slice).unwrap_or_default();
        let entries = manifests.iter().map(Entry::parse).collect::<Option<_>>();
        entries.map(|entries| Self { entries }).ok_or_else(|| io::Error::other("index.json holds a broken descriptor"))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let manifests: Vec<Value> = self.entries.iter().map(Entry::to_value).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests });
        index.to_string().into_bytes()
    }

    /// Returns the entry that a tag or digest addresses.
    pub(super) fn get(&self, reference: &str) -> Option<&Entry> {
        match reference.contains(':') {
            true => self.entries.iter().find(|entry| entry.digest == reference),
            false => self.entries.iter().find(|entry| entry.tag.as_deref() == Some(reference)),
        }
    }

    /// Returns each manifest once.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &Entry> {
        let mut last = None;
        self.entries.iter().filter(move |entry| last.replace(&entry.digest) != Some(&entry.digest))
    }

    /// Returns the tags in the order that the specification asks for: without regard to case.
    pub(super) fn tags(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = self.entries.iter().filter_map(|entry| entry.tag.as_deref()).collect();
        tags.sort_by_key(|tag| sort_key(tag));
        tags
    }

    /// Adds a manifest under `tags`, which leave the manifests they pointed at.
    pub(super) fn put(&mut self, media_type: &str, digest: &ContentDigest, size: u64, tags: &[String]) {
        let digest = digest.to_string();
        for tag in tags {
            self.untag(tag);
        }
        let entry = |tag| Entry { media_type: media_type.to_owned(), digest: digest.clone(), size, tag };
        for present in self.entries.iter_mut().filter(|entry| entry.digest == digest) {
            media_type.clone_into(&mut present.media_type);
        }
        if !tags.is_empty() {
            self.entries.retain(|entry| entry.digest != digest || entry.tag.is_some());
        } else if self.get(&digest).is_none() {
            self.entries.push(entry(None));
        }
        self.entries.extend(tags.iter().map(|tag| entry(Some(tag.clone()))));
        self.sort();
    }

    /// Takes a tag away; its manifest stays. Returns whether there was such a tag.
    pub(super) fn untag(&mut self, tag: &str) -> bool {
        let Some(at) = self.entries.iter().position(|entry| entry.tag.as_deref() == Some(tag)) else { return false };
        let mut entry = self.entries.remove(at);
        if self.get(&entry.digest).is_none() {
            entry.tag = None;
            self.entries.push(entry);
            self.sort();
        }
        true
    }

    /// Takes a manifest away with all its tags. Returns whether there was one.
    pub(super) fn remove(&mut self, digest: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.digest != digest);
        self.entries.len() < before
    }

    fn sort(&mut self) {
        self.entries.sort_by(|a, b| (&a.digest, &a.tag).cmp(&(&b.digest, &b.tag)));
        self.entries.dedup();
    }
}

/// Orders tags as the distribution specification's "Listing tags" does.
pub(super) fn sort_key(tag: &str) -> (String, String) {
    (tag.to_lowercase(), tag.to_owned())
}

impl Entry {
    fn parse(value: &Value) -> Option<Self> {
        Some(Self {
            media_type: value["mediaType"].as_str()?.to_owned(),
            digest: value["digest"].as_str()?.to_owned(),
            size: value["size"].as_u64()?,
            tag: value["annotations"][REF_NAME].as_str().map(str::to_owned),
        })
    }

    fn to_value(&self) -> Value {
        let mut value = json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.size });
        if let Some(tag) = &self.tag {
            value["annotations"] = json!({ REF_NAME: tag });
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::registry::content::Algorithm;

    fn digest(text: &str) -> ContentDigest {
        ContentDigest::of(Algorithm::Sha256, text.as_bytes())
    }

    fn tagged(index: &Index) -> Vec<(String, Option<String>)> {
        let mut found: Vec<_> = index.entries.iter().map(|e| (e.digest.clone(), e.tag.clone())).collect();
        found.sort();
        found
    }

    #[test]
    fn a_tag_points_at_one_manifest_and_a_manifest_outlives_its_tags() {
        let (a, b) = (digest("a"), digest("b"));
        let mut index = Index::default();
        index.put("m", &a, 1, &["one".into(), "two".into()]);
        index.put("m", &b, 1, &["one".into()]);
        assert_eq!(index.get("one").map(|e| e.digest.clone()), Some(b.to_string()));
        assert!(index.untag("two"));
        assert!(!index.untag("two"));
        index.put("m", &a, 1, &[]);
        let mut expected = vec![(a.to_string(), None), (b.to_string(), Some("one".to_owned()))];
        expected.sort();
        assert_eq!(tagged(&index), expected);
        assert!(index.remove(&b.to_string()));
        assert_eq!(index.get("one"), None);
        assert_eq!(Index::parse(&index.to_bytes()).ok(), Some(index));
    }

    #[test]
    fn tags_are_listed_without_regard_to_case() {
        let mut index = Index::default();
        index.put("m", &digest("a"), 1, &["b".into(), "C".into(), "a".into(), "B".into()]);
        assert_eq!(index.tags(), ["a", "B", "b", "C"]);
    }
}
