//! An error in, the same error out, in which no server repeats what it was shown.

use super::error::RegistryError;
use crate::secret::Presented;

impl RegistryError {
    /// Returns the error with everything that was `presented` taken out of what a server had a say in.
    pub(super) fn without(mut self, presented: &Presented) -> Self {
        for text in self.told() {
            *text = presented.clean(text);
        }
        self
    }

    /// Returns the texts that a server had a say in. A refusal's messages are clean before they are cut.
    fn told(&mut self) -> Vec<&mut String> {
        match self {
            Self::Refused(refusal) => vec![&mut refusal.url],
            Self::Redirect { from, to, .. } => vec![from, to],
            Self::Interrupted { url, reason, .. }
            | Self::Protocol { url, reason, .. }
            | Self::Challenge { url, reason, .. } => vec![url, reason],
            Self::Token { realm, reason, .. } => vec![realm, reason],
            Self::Idle { url, .. }
            | Self::WrongDigest { url, .. }
            | Self::WrongSize { url, .. }
            | Self::TooMuch { url, .. } => vec![url],
            Self::Deadline { last, .. } => last.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}
