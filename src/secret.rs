//! A text that must never be shown.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// A password or token; printing it in any form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the secret, to be put on the wire or into the user's own configuration and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Secrets that were sent, in the forms in which a server may repeat them.
#[derive(Default)]
pub(crate) struct Presented(Mutex<BTreeSet<String>>);

impl Presented {
    /// Remembers a secret, as it is, in base64, and as URLs and forms spell it.
    pub(crate) fn add(&self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let forms = [
            secret.to_owned(),
            BASE64_STANDARD_NO_PAD.encode(secret),
            BASE64_URL_SAFE_NO_PAD.encode(secret),
            form.replace('+', "%20"),
            form,
        ];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(forms);
    }

    /// Returns `text` without any of them, the longest first: one may be part of another.
    pub(crate) fn clean(&self, text: &str) -> String {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_presented_is_taken_out_in_every_form() {
        let presented = Presented::default();
        presented.add("pa/ss wörd");
        presented.add("user:pa/ss wörd");
        presented.add("");
        for (text, expected) in [
            ("no such user: pa/ss wörd!", "no such user: …!"),
            ("Basic dXNlcjpwYS9zcyB3w7ZyZA==", "Basic …=="),
            ("cGEvc3Mgd8O2cmQ", "…"),
            ("?p=pa%2Fss+w%C3%B6rd&q", "?p=…&q"),
            ("?p=pa%2Fss%20w%C3%B6rd&q", "?p=…&q"),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(presented.clean(text), expected);
        }
    }
}
