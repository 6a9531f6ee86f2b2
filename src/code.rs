//! What compiling can find fault with, by number: one table, from which the errors' codes, `leoflow explain` and
//! docs/errors.md are made.
//!
//! A code is one kind of fault, not one message: many messages share it, and its text (`src/code/E005.md`) explains them
//! all, with an example that is wrong and one that is right. Codes are stable: none is ever given to another kind.

mod table;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The code of a kind of fault; it can only name an entry of the table.
#[derive(Clone, Copy)]
pub struct Code(&'static Entry);

/// One row of the table.
struct Entry {
    name: &'static str,
    number: &'static str,
    text: &'static str,
}

impl Code {
    /// Returns the code that is written so, e.g. `E005`.
    #[must_use]
    pub fn find(number: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// Returns `E005`, or `W001` of a warning.
    #[must_use]
    pub fn number(self) -> &'static str {
        self.0.number
    }

    /// Returns the constant's name, which Python's sources use as well.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the kind of fault in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.parts().0
    }

    /// Returns what it means and what to do, in Markdown.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        self.parts().1
    }

    /// Returns whether what has this code stops nothing.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.number().starts_with('W')
    }

    fn parts(self) -> (&'static str, &'static str) {
        let (title, explanation) = self.0.text.split_once('\n').unwrap_or((self.0.text, ""));
        (title.trim_start_matches("# "), explanation.trim())
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.number())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.number(), self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.number())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = String::deserialize(deserializer)?;
        Self::find(&number).ok_or_else(|| serde::de::Error::custom(format!("there is no code `{number}`")))
    }
}

#[cfg(test)]
mod tests;
