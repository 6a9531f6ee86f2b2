//! Requirements and specifiers as old tools wrote them, into what they meant (PEP 440 and 508 came later).

use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use pep508_rs::Requirement;

/// Reads specifiers, mended where that is needed.
pub(super) fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    VersionSpecifiers::from_str(text).or_else(|_| VersionSpecifiers::from_str(&mended(text))).ok()
}

/// Reads a requirement; the second value is what it was mended to, if it had to be.
pub(super) fn requirement(text: &str) -> Result<(Requirement, Option<String>), String> {
    let error = match Requirement::from_str(text) {
        Ok(requirement) => return Ok((requirement, None)),
        Err(error) => error,
    };
    // Markers are not mended: `python_version >= '3.*'` is no specifier.
    let (head, marker) = text.split_once(';').map_or((text, None), |(head, marker)| (head, Some(marker)));
    let mended = marker.map_or_else(|| mended(head), |marker| format!("{} ;{marker}", mended(head)));
    match Requirement::from_str(&mended) {
        Ok(requirement) => Ok((requirement, Some(mended))),
        Err(_) => Err(error.message.to_string()),
    }
}

/// Mends what is found in released metadata: `>=2.7.*`, `>=2.7,`, `>=1.0<2`, `!=~1.0`, `=>1`, stray quotes.
fn mended(text: &str) -> String {
    let text = text.replace(['"', '\''], "").replace("!=~", "!=").replace("=>", ">=").replace("=<", "<=");
    let text = with_commas(&text);
    let (before, inside, after) = parts(&text);
    let specifiers = inside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(without_star);
    format!("{before}{}{after}", specifiers.collect::<Vec<_>>().join(","))
}

/// Splits off what stands before the first operator, and a closing parenthesis.
fn parts(text: &str) -> (&str, &str, &str) {
    let start = text.find(['<', '>', '=', '!', '~']).unwrap_or(text.len());
    let (before, rest) = text.split_at(start);
    let end = rest.find(')').unwrap_or(rest.len());
    (before, &rest[..end], &rest[end..])
}

/// Only `==` and `!=` take a `.*`; an order is one of what stands before it.
fn without_star(part: &str) -> &str {
    let is_exact = part.starts_with("==") || part.starts_with("!=");
    if is_exact { part } else { part.trim_end_matches(".*") }
}

/// Puts a comma before an operator that follows a version.
fn with_commas(text: &str) -> String {
    let mut mended = String::new();
    for character in text.chars() {
        let follows_version = mended.ends_with(|c: char| c.is_ascii_digit() || c == '*');
        if follows_version && matches!(character, '<' | '>' | '=' | '!' | '~') && mended.contains(['<', '>', '=', '~'])
        {
            mended.push(',');
        }
        mended.push(character);
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_of_old_are_read_as_they_were_meant() {
        for (text, expected) in [
            (">=2.7.*", ">=2.7"),
            (">=2.7, !=3.0.*, !=3.1.*, <4.*", ">=2.7, !=3.0.*, !=3.1.*, <4"),
            (">=3.6,", ">=3.6"),
            (">=3.6<4", ">=3.6, <4"),
            ("!=~1.0", "!=1.0"),
            (">='3.6'", ">=3.6"),
            ("=>3.6", ">=3.6"),
            (">=3.6", ">=3.6"),
            ("", ""),
        ] {
            assert_eq!(specifiers(text).map(|found| found.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(specifiers("three"), None);
    }

    #[test]
    fn requirements_of_old_are_read_as_they_were_meant() {
        for (text, expected) in [
            ("six (>=1.0)", Some("six>=1.0")),
            ("six (>=1.0.*)", Some("six>=1.0")),
            ("pytz (>dev)", None),
            (
                "enum34[a] >=1.0.*,<2.*; python_version == '2.7.*'",
                Some("enum34[a]>=1.0,<2 ; python_full_version == '2.7.*'"),
            ),
            ("foo>=1<2", Some("foo>=1,<2")),
            ("foo>=1,", Some("foo>=1")),
            ("-e .", None),
        ] {
            let found = requirement(text).ok().map(|(requirement, _)| requirement.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
