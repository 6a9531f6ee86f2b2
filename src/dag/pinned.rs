//! A dag.json whose image is known by digest: made from a spec, or taken from a file as it is.

use serde_json::Value;

use super::member;
use super::schema::{SpecError, validate_json};
use super::spec::{self, DagSpec};
use crate::reference::{PinnedReference, ReferenceError, Repository};

/// A DAG and its image, versioned together: the only thing that is ever registered.
#[derive(Debug, Clone, PartialEq)]
pub struct PinnedDagSpec {
    dag_id: String,
    dag_version: String,
    json: Vec<u8>,
    image: PinnedReference,
    connections: Vec<String>,
}

/// Why a spec read from a file cannot be registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// It is no spec; every fault is told.
    #[error("it is no valid dag.json: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Spec(Vec<SpecError>),
    /// Its image is not pinned to a digest.
    #[error("its image, `{}`, is not pinned to a digest", .0.text)]
    Unpinned(ReferenceError),
}

impl PinError {
    /// Returns one concrete thing to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Spec(faults) => faults.iter().find_map(SpecError::help),
            Self::Unpinned(_) => Some(
                "`leoflow deploy` pushes the image and pins it; `leoflow compile --image NAME@sha256:…` pins to one that \
                 was pushed before"
                    .to_owned(),
            ),
        }
    }
}

impl PinnedDagSpec {
    pub(super) fn of(spec: &DagSpec, image: PinnedReference) -> Self {
        Self {
            dag_id: spec.dag_id.clone(),
            dag_version: spec.dag_version.clone(),
            json: spec.to_json(),
            connections: spec.connections(),
            image,
        }
    }

    /// Takes a dag.json from a file; its bytes are kept as they are.
    ///
    /// # Errors
    /// When it is no valid spec or its image is not pinned.
    pub fn from_json(bytes: Vec<u8>) -> Result<Self, PinError> {
        let dag = validate_json(&bytes).map_err(PinError::Spec)?;
        let image = text(&dag, "image").parse().map_err(PinError::Unpinned)?;
        let (dag_id, dag_version) = (text(&dag, "dag_id").to_owned(), text(&dag, "dag_version").to_owned());
        Ok(Self { dag_id, dag_version, image, connections: spec::connections(&dag), json: bytes })
    }

    /// Returns the same spec with its image in another repository, under the same digest. Every other byte stays what it
    /// is: whoever reviewed one has reviewed both.
    ///
    /// # Errors
    /// When the bytes are no object that says its image once, which none of these are.
    pub fn moved_to(&self, repository: &Repository) -> Result<Self, PinError> {
        let image = repository.pinned(self.image.digest());
        let place = member::value_of(&self.json, "image").ok_or_else(|| PinError::Spec(Vec::new()))?;
        let mut json = self.json.clone();
        // A reference holds nothing that JSON would escape.
        json.splice(place, format!("\"{image}\"").into_bytes());
        Self::from_json(json)
    }

    /// Returns the DAG's id.
    #[must_use]
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// Returns the DAG's version as the project has it.
    #[must_use]
    pub fn dag_version(&self) -> &str {
        &self.dag_version
    }

    /// Returns the image.
    #[must_use]
    pub fn image(&self) -> &PinnedReference {
        &self.image
    }

    /// Returns the bytes that are registered.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// Returns the names of the connections that the DAG needs (see [`DagSpec::connections`]).
    #[must_use]
    pub fn connections(&self) -> &[String] {
        &self.connections
    }
}

/// Checks a dag.json as a control plane does before it registers one: valid, and its image pinned.
///
/// # Errors
/// When it breaks the schema or its image is not pinned; every fault is told.
pub fn validate_pinned_json(bytes: &[u8]) -> Result<(String, PinnedReference), Vec<SpecError>> {
    let dag = validate_json(bytes)?;
    let image = text(&dag, "image").parse::<PinnedReference>().map_err(|error| {
        vec![SpecError::Field { field: "image".to_owned(), reason: format!("it is not pinned to a digest: {error}") }]
    })?;
    Ok((text(&dag, "dag_id").to_owned(), image))
}

fn text<'a>(dag: &'a Value, field: &str) -> &'a str {
    dag.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{compiled, config, dag};
    use super::*;

    fn pinned() -> PinnedReference {
        format!("registry.example.com/etl@sha256:{}", "a".repeat(64)).parse().unwrap()
    }

    #[test]
    fn a_pinned_spec_says_its_image_and_reads_back() {
        let spec = compiled(&dag(), &config("connections: [lake]")).unwrap().pin(pinned());
        let text = String::from_utf8(spec.json().to_vec()).unwrap();
        assert!(text.contains(&format!("\"image\": \"{}\"", pinned())), "{text}");
        assert_eq!(PinnedDagSpec::from_json(spec.json().to_vec()).unwrap(), spec);
        assert_eq!((spec.dag_id(), spec.image(), spec.connections()), ("etl", &pinned(), &["lake".to_owned()][..]));
        assert_eq!(validate_pinned_json(spec.json()).unwrap(), ("etl".to_owned(), pinned()));
    }

    #[test]
    fn an_image_by_tag_is_not_taken() {
        let json = compiled(&dag(), &config("")).unwrap().to_json();
        let faults = validate_pinned_json(&json).expect_err("a tag");
        assert!(matches!(&faults[..], [SpecError::Field { field, .. }] if field == "image"), "{faults:?}");
        let error = PinnedDagSpec::from_json(json).expect_err("a tag");
        assert!(matches!(error, PinError::Unpinned(_)), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("leoflow deploy")));
    }

    #[test]
    fn an_image_moves_and_nothing_else_does() {
        let there: Repository = "prod.example.com/team/etl".parse().unwrap();
        let spec = compiled(&dag(), &config("")).unwrap().pin(pinned());
        let text = String::from_utf8(spec.json().to_vec()).unwrap();
        let moved = spec.moved_to(&there).unwrap();
        assert_eq!(moved.image(), &there.pinned(pinned().digest()));
        assert_eq!(moved.json(), text.replacen("registry.example.com/etl", "prod.example.com/team/etl", 1).as_bytes());
        let back = moved.moved_to(pinned().repository()).unwrap();
        assert_eq!(back, spec);
    }

    #[test]
    fn bytes_are_kept_as_they_are() {
        let json = compiled(&dag(), &config("")).unwrap().pin(pinned()).json().to_vec();
        let compact = serde_json::from_slice::<Value>(&json).unwrap().to_string().into_bytes();
        assert_eq!(PinnedDagSpec::from_json(compact.clone()).unwrap().json(), compact);
        assert!(matches!(PinnedDagSpec::from_json(b"{}".to_vec()), Err(PinError::Spec(faults)) if faults.len() == 5));
    }
}
