//! What a success must hold.

use serde_json::Value;

use super::ControlPlaneError;
use super::exchange::Answer;

impl Answer {
    /// Returns a field that must be there; a number counts as its text.
    pub(super) fn text(&self, field: &str) -> Result<String, ControlPlaneError> {
        match &self.json[field] {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.not_the_api(&format!("an answer without `{field}`"))),
        }
    }

    /// Fails unless the server speaks of what it was asked about.
    pub(super) fn must_agree(&self, field: &'static str, expected: &str) -> Result<(), ControlPlaneError> {
        let found = self.text(field)?;
        if found == expected {
            return Ok(());
        }
        Err(ControlPlaneError::Disagrees {
            attempted: self.attempted.clone(),
            server: self.server.clone(),
            field,
            expected: expected.to_owned(),
            found,
        })
    }
}
