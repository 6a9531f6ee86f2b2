//! An error in, the same error out, in which no server repeats what it was shown.

use super::error::RegistryError;
use crate::image::BaseError;
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
            | Self::BodyLimit { url, reason, .. }
            | Self::Challenge { url, reason, .. } => vec![url, reason],
            Self::Unreachable { reason, .. } => reason.iter_mut().collect(),
            Self::Base { error, .. } => of_a_document(error),
            Self::Token { realm, reason, .. } => vec![realm, reason],
            Self::Idle { url, .. }
            | Self::TooSlow { url, .. }
            | Self::WrongDigest { url, .. }
            | Self::WrongSize { url, .. }
            | Self::TooMuch { url, .. } => vec![url],
            Self::Deadline { last, .. } => last.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns the texts that came out of a manifest or config.
fn of_a_document(error: &mut BaseError) -> Vec<&mut String> {
    match error {
        BaseError::Malformed { reason: text, .. }
        | BaseError::UnsupportedMediaType(text)
        | BaseError::WrongPlatform { found: text, .. } => vec![text],
        BaseError::NoSuchPlatform { available, .. } => available.iter_mut().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Cause;

    fn base(error: BaseError) -> RegistryError {
        RegistryError::Base { reference: Box::new("a.io/b".parse().unwrap()), error: Box::new(error) }
    }

    #[test]
    fn what_was_presented_is_in_no_kind_of_error() {
        let presented = Presented::default();
        presented.add("hush");
        let said = || "it is hush".to_owned();
        let (attempted, registry, host) = (String::new, String::new, String::new);
        let (second, wanted) = (Duration::from_secs(1), crate::image::Platform::linux_amd64);
        for error in [
            RegistryError::TooSlow { attempted: attempted(), url: said(), rate: 0, least: 1, window: second },
            RegistryError::BodyLimit {
                attempted: attempted(),
                url: said(),
                registry: registry(),
                refused: 1,
                reason: said(),
            },
            RegistryError::Unreachable {
                attempted: attempted(),
                host: host(),
                cause: Cause::Other,
                reason: Some(said()),
            },
            base(BaseError::Malformed { what: "config", reason: said() }),
            base(BaseError::UnsupportedMediaType(said())),
            base(BaseError::WrongPlatform { found: said(), wanted: wanted() }),
            base(BaseError::NoSuchPlatform { wanted: wanted(), available: vec![said()] }),
        ] {
            let clean = error.without(&presented);
            let text = format!("{clean} {clean:?}");
            assert!(text.contains("it is …") && !text.contains("hush"), "{text}");
        }
    }
}
