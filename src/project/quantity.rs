//! Kubernetes resource quantities (`500m`, `2Gi`, `1e3`), validated and kept as written.

use std::fmt;
use std::str::FromStr;

/// A quantity as Kubernetes' apimachinery (`resource.Quantity`) reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity(String);

/// A text that Kubernetes would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a Kubernetes quantity")]
pub struct QuantityError {
    /// The text as given.
    pub text: String,
    /// What to write instead, where that can be told (`2GB` -> "`2G` or `2Gi`").
    pub help: String,
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let _ = text;
        todo!("the project room")
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
