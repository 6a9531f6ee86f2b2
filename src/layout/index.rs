//! `index.json` of a layout: which image is meant.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::store::Store;
use super::{IMAGE_NAME, INDEX, LayoutError, OCI_LAYOUT, REF_NAME};
use crate::image::{Descriptor, media_type, parse_index};
use crate::reference::{Reference, Selector, Version};

/// An image of a layout.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutVersion {
    image_layout_version: String,
}

impl Entry {
    pub(super) fn ref_name(&self) -> Option<String> {
        self.annotation(REF_NAME)
    }

    /// Returns the full name; some tools write it where others write the tag alone.
    pub(super) fn image_name(&self) -> Option<String> {
        let full = |name: &String| name.contains('/') && name.parse::<Reference>().is_ok();
        self.annotation(IMAGE_NAME).or_else(|| self.ref_name().filter(full))
    }

    fn annotation(&self, key: &str) -> Option<String> {
        self.descriptor.annotations.get(key).filter(|value| !value.is_empty()).cloned()
    }

    fn is_named(&self, wanted: &str) -> bool {
        let same = |name: &String| {
            let (name, wanted) = (name.parse::<Reference>(), wanted.parse::<Reference>());
            name.is_ok() && name == wanted
        };
        self.ref_name().is_some_and(|name| name == wanted)
            || self.annotation(IMAGE_NAME).is_some_and(|name| name == wanted || same(&name))
            || self.ref_name().filter(|name| name.contains('/')).is_some_and(|name| same(&name))
    }

    fn shown(&self) -> String {
        let names: BTreeSet<String> = self.ref_name().into_iter().chain(self.image_name()).collect();
        let names: String = names.into_iter().map(|name| format!("{name}  ")).collect();
        format!("{names}{}", self.descriptor.digest)
    }
}

/// Returns the image that is meant.
pub(super) fn find(store: &Store, wanted: Option<&Selector>) -> Result<Entry, LayoutError> {
    check_version(store)?;
    let entries = entries(store)?;
    let mut fitting: Vec<&Entry> = match wanted {
        None => entries.iter().collect(),
        Some(Selector::Name(name)) => entries.iter().filter(|entry| entry.is_named(name)).collect(),
        Some(Selector::Digest(digest)) => entries.iter().filter(|entry| entry.descriptor.digest == *digest).collect(),
    };
    let several = fitting.iter().any(|entry| entry.descriptor.digest != fitting[0].descriptor.digest);
    // Of one image under several names, the one that says most stands for all.
    fitting.sort_by_key(|entry| entry.image_name().is_none());
    match (fitting.first(), wanted) {
        (Some(_), _) if several => Err(LayoutError::SeveralImages {
            path: store.path.clone(),
            wanted: wanted.map(shown),
            available: fitting.iter().map(|entry| entry.shown()).collect(),
        }),
        (Some(entry), _) => Ok((*entry).clone()),
        (None, Some(Selector::Digest(digest))) => match nested(store, &entries, *digest)? {
            Some(entry) => Ok(entry),
            None => Err(no_such(store, wanted, &entries)),
        },
        (None, _) => Err(no_such(store, wanted, &entries)),
    }
}

fn shown(selector: &Selector) -> String {
    match selector {
        Selector::Name(name) => name.clone(),
        Selector::Digest(digest) => digest.to_string(),
    }
}

fn no_such(store: &Store, wanted: Option<&Selector>, entries: &[Entry]) -> LayoutError {
    let wanted = wanted.map_or_else(|| "of any name".to_owned(), shown);
    let available = entries.iter().map(Entry::shown).collect();
    LayoutError::NoSuchImage { path: store.path.clone(), wanted, available }
}

/// Looks for a manifest below the images that are listed.
fn nested(store: &Store, entries: &[Entry], digest: leoflow_layers::Digest) -> Result<Option<Entry>, LayoutError> {
    let is_index = |entry: &&Entry| {
        [media_type::OCI_INDEX, media_type::DOCKER_LIST].contains(&entry.descriptor.media_type.as_str())
    };
    for entry in entries.iter().filter(is_index) {
        let children =
            parse_index(&store.described(&entry.descriptor)?).map_err(|error| store.malformed(INDEX, error))?;
        if let Some(child) = children.into_iter().find(|child| child.descriptor.digest == digest) {
            return Ok(Some(Entry { descriptor: child.descriptor }));
        }
    }
    Ok(None)
}

fn entries(store: &Store) -> Result<Vec<Entry>, LayoutError> {
    let entries = parse_index(&store.required(INDEX)?).map_err(|error| store.malformed(INDEX, error))?;
    Ok(entries.into_iter().map(|entry| Entry { descriptor: entry.descriptor }).collect())
}

/// A layout says of itself that it is one (image-spec, image-layout.md, "oci-layout file").
fn check_version(store: &Store) -> Result<(), LayoutError> {
    let other = |reason: String| LayoutError::Other {
        path: store.path.clone(),
        expected: "an OCI image layout",
        reason,
        compressed: false,
    };
    let bytes = store.document(OCI_LAYOUT)?.ok_or_else(|| other(format!("it has no file `{OCI_LAYOUT}`")))?;
    let version: LayoutVersion = serde_json::from_slice(&bytes).map_err(|error| store.malformed(OCI_LAYOUT, error))?;
    match version.image_layout_version.split('.').next() {
        Some("1") => Ok(()),
        _ => Err(other(format!("its version is `{}`, not 1.0.0", version.image_layout_version))),
    }
}

/// Returns the tag of a full name.
pub(super) fn tag_of(name: &str) -> Option<String> {
    match name.parse::<Reference>().ok()?.version {
        Version::Tag(tag) => Some(tag.to_string()),
        Version::Digest(_) => None,
    }
}
