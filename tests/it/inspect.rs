//! What bases are found to have.

mod archives;
mod deploys;
mod pythons;

use leoflow::inspect::{Facts, InspectError, Inspection};
use serde_json::{Value, json};

use crate::support::bases::{Layer, digest};

/// Looks for Python 3.11 in an image of these layers, the lowest first.
fn inspected(config: &Value, layers: Vec<Layer>) -> Facts {
    let layers: Vec<Vec<u8>> = layers.into_iter().map(Layer::tar).collect();
    try_inspected(config, &layers).unwrap()
}

fn try_inspected(config: &Value, layers: &[Vec<u8>]) -> Result<Facts, InspectError> {
    let mut inspection = Inspection::new(config, "3.11");
    for layer in layers {
        inspection.layer(digest(layer), layer.as_slice())?;
    }
    Ok(inspection.finish())
}

/// A config with these variables.
fn env(lines: &[&str]) -> Value {
    json!({"config": {"Env": lines}})
}
