//! A text that must never be shown, and what of other texts must not be.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
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

/// Covers what may be secret in a text of the user's, byte for byte so that carets stay in their places: what is shown
/// ends up in logs. Covered are a URL's user and password, the values of its query, and passwords in
/// `user:password@host`.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for range in words(text).flat_map(|(at, word)| hidden(word).into_iter().map(move |r| at + r.start..at + r.end)) {
        let stars = "*".repeat(range.len());
        masked.replace_range(range, &stars);
    }
    masked
}

/// Returns whether a text has an `http` URL with a password.
#[must_use]
pub fn has_url_password(text: &str) -> bool {
    let is_http = |word: &str, at: usize| word[..at].ends_with("http") || word[..at].ends_with("https");
    words(text).any(|(_, word)| {
        let mut urls = word.match_indices("://").filter(|(at, _)| is_http(word, *at));
        urls.any(|(at, mark)| {
            let url = &word[at + mark.len()..];
            userinfo(url).and_then(|range| url[range].split_once(':')).is_some_and(|(_, password)| is_literal(password))
        })
    })
}

/// `${TOKEN}` is filled in by whoever reads the file.
fn is_literal(password: &str) -> bool {
    let is_variable = password.starts_with("${") && password.ends_with('}');
    !(password.is_empty() || is_variable)
}

/// Returns the words of a text, each with its place; quotes end a word too.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_end = |c: char| c.is_whitespace() || "\"'`".contains(c);
    text.split(is_end).map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Returns what of a word is not shown, in order.
fn hidden(word: &str) -> Vec<Range<usize>> {
    let urls = word.match_indices("://").map(|(at, mark)| at + mark.len()).collect::<Vec<_>>();
    if urls.is_empty() {
        return password(word).into_iter().collect();
    }
    let of_url = |start: usize| {
        let url = &word[start..];
        // A password that holds a `/` as it is makes no URL, but is a password all the same.
        let user = userinfo(url).or_else(|| password(url).map(|password| 0..password.end));
        user.into_iter().chain(query_values(url)).map(move |part| start + part.start..start + part.end)
    };
    urls.into_iter().flat_map(of_url).collect()
}

/// Returns the userinfo (RFC 3986, section 3.2.1) of a URL without its scheme.
fn userinfo(url: &str) -> Option<Range<usize>> {
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    authority.rfind('@').map(|at| 0..at)
}

/// Returns the password in `user:password@host`. It may hold any punctuation: base64 ends in `=`. A digest
/// (`name:tag@sha256:…`) has none before it.
fn password(word: &str) -> Option<Range<usize>> {
    let colon = word.find(':')?;
    let (at, _) = word.match_indices('@').rfind(|(at, _)| !word[at + 1..].starts_with("sha256:"))?;
    (colon < at).then_some(colon + 1..at)
}

/// Returns the values of a URL's query, or what stands there without a name.
fn query_values(url: &str) -> Vec<Range<usize>> {
    let Some(mark) = url.find('?') else { return Vec::new() };
    let end = url[mark..].find('#').map_or(url.len(), |hash| mark + hash);
    let mut start = mark + 1;
    let mut values = Vec::new();
    for pair in url[start..end].split('&') {
        let value = pair.find('=').map_or(0, |equals| equals + 1);
        values.push(start + value..start + pair.len());
        start += pair.len() + 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_a_text_is_covered() {
        let check = |text: &str, expected: &str| {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
        };
        check("url: https://ada:se same@h", "url: https://ada:se same@h");
        check("url: 'https://ada:sésame@h/x'", "url: 'https://***********@h/x'");
        check("url: https://ada:se,s(am)/e@h", "url: https://**************@h");
        check("x = f(\"postgresql://a:b:c@h\")", "x = f(\"postgresql://*****@h\")");
        check("base_image: ada:sesame@ghcr.io/x", "base_image: ada:******@ghcr.io/x");
        check("base_image: ada:c2VzYW0=@ghcr.io/x", "base_image: ada:********@ghcr.io/x");
        check("image: ghcr.io/a/b:v1@sha256:00", "image: ghcr.io/a/b:v1@sha256:00");
        check("owner: a@example.com\n@task\n", "owner: a@example.com\n@task\n");
        check("six @ https://u:p@h/six.whl", "six @ https://***@h/six.whl");
        check("six@https://u:p@h/six.whl", "six@https://***@h/six.whl");
        check("--index-url=https://tok@h/simple", "--index-url=https://***@h/simple");
        check("git+https://tok@h/a.git@main", "git+https://***@h/a.git@main");
        check("git+https://h/a.git@main#egg=a", "git+https://h/a.git@main#egg=a");
        check("https://h/a.whl?token=tok&x&y=#sha256=00", "https://h/a.whl?token=***&*&y=#sha256=00");
    }

    #[test]
    fn passwords_in_urls_are_found() {
        let found = ["-i https://ada:sesame@h/simple", "url = \"http://ada:sesame@h\"", "a @ git+https://a:b@h"];
        let none = ["https://h/simple", "https://tok@h/", "https://h:80/a@b", "https://a:${TOKEN}@h/", "ssh://a:b@h"];
        found.iter().for_each(|text| assert!(has_url_password(text), "{text}"));
        none.iter().for_each(|text| assert!(!has_url_password(text), "{text}"));
    }

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
