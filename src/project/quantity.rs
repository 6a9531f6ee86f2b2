//! Kubernetes resource quantities (`500m`, `2Gi`, `1e3`), validated and kept as written.

use std::fmt;
use std::str::FromStr;

/// A quantity as Kubernetes' apimachinery (`resource.Quantity`) reads it, and not below zero.
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

const GRAMMAR: &str = "write a number and at most one suffix: `m`, `k`, `M`, `G`, `T`, `P`, `E` (powers of 1000), `Ki`, \
                       `Mi`, `Gi`, `Ti`, `Pi`, `Ei` (powers of 1024), or an exponent like `1e3`";

impl Quantity {
    /// Returns the quantity as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it counts in thousandths, which no amount of memory means.
    pub(super) fn is_milli(&self) -> bool {
        self.0.ends_with('m')
    }
}

impl QuantityError {
    /// Returns what to write instead.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(self.help.clone())
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if is_quantity(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(QuantityError { text: text.to_owned(), help: advice(text) })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_quantity(text: &str) -> bool {
    let (number, suffix) = split(text);
    is_number(number) && is_suffix(suffix) && !number.starts_with('-')
}

/// Splits into the signed number and all that follows it.
fn split(text: &str) -> (&str, &str) {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    text.split_at(text.len() - unsigned.len() + number)
}

/// `<digits>`, `<digits>.<digits>`, `<digits>.` or `.<digits>`, with or without a sign.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    unsigned.bytes().any(|b| b.is_ascii_digit()) && unsigned.matches('.').count() <= 1
}

fn is_suffix(text: &str) -> bool {
    let known = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    known.contains(&text) || text.strip_prefix(['e', 'E']).is_some_and(is_exponent)
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Returns what was probably meant, or the grammar.
fn advice(text: &str) -> String {
    if text.trim_start().starts_with('-') {
        return "an amount cannot be below zero".to_owned();
    }
    let plain = text.replace(char::is_whitespace, "").replace(',', ".");
    if is_quantity(&plain) {
        return format!("write `{plain}`");
    }
    let (number, suffix) = split(&plain);
    if !is_number(number) {
        return GRAMMAR.to_owned();
    }
    match meant(suffix).as_deref() {
        Some([one]) => format!("write `{number}{one}`"),
        Some([decimal, binary]) => {
            format!("write `{number}{decimal}` (powers of 1000) or `{number}{binary}` (powers of 1024)")
        }
        _ => GRAMMAR.to_owned(),
    }
}

/// Returns the suffixes that a common misspelling (`GB`, `gib`, `mb`, `K`) may stand for.
fn meant(suffix: &str) -> Option<Vec<String>> {
    let lower = suffix.to_ascii_lowercase();
    if matches!(lower.as_str(), "b" | "byte" | "bytes" | "core" | "cores" | "cpu" | "cpus") {
        return Some(vec![String::new()]);
    }
    let stem = lower.strip_suffix("bytes").or_else(|| lower.strip_suffix("byte")).unwrap_or(&lower);
    let stem = stem.strip_suffix('b').unwrap_or(stem);
    let (unit, binary) = match stem.strip_suffix('i') {
        Some(unit) => (unit, true),
        None => (stem, false),
    };
    let letter = match unit {
        "k" | "kilo" => "K",
        "m" | "mega" => "M",
        "g" | "giga" => "G",
        "t" | "tera" => "T",
        "p" | "peta" => "P",
        "e" | "exa" => "E",
        _ => return None,
    };
    let decimal = if letter == "K" { "k" } else { letter };
    let binary_suffix = format!("{letter}i");
    Some(if binary { vec![binary_suffix] } else { vec![decimal.to_owned(), binary_suffix] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, advice: Option<&str>) {
        let result = text.parse::<Quantity>();
        assert_eq!(result.is_err(), advice.is_some(), "{text}");
        if let (Err(error), Some(advice)) = (result, advice) {
            assert!(error.help.contains(advice), "{text}: {}", error.help);
        }
    }

    #[test]
    fn quantities_are_those_of_kubernetes() {
        for text in [
            "0",
            "1",
            "+1",
            "0.5",
            ".5",
            "5.",
            "500m",
            "100u",
            "1n",
            "2k",
            "2M",
            "2G",
            "2T",
            "2P",
            "2E",
            "2Ki",
            "2Mi",
            "1.5Gi",
            "2Ti",
            "2Pi",
            "2Ei",
            "1e3",
            "1E3",
            "1e-3",
            "1E+3",
            "123456789012345678901234567890",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_what_to_write() {
        check("2GB", Some("`2G` (powers of 1000) or `2Gi`"));
        check("2gb", Some("`2G` (powers of 1000) or `2Gi`"));
        check("512MB", Some("`512M` (powers of 1000) or `512Mi`"));
        check("512mb", Some("`512M` (powers of 1000) or `512Mi`"));
        check("1GiB", Some("write `1Gi`"));
        check("1gi", Some("write `1Gi`"));
        check("64K", Some("`64k` (powers of 1000) or `64Ki`"));
        check("64ki", Some("write `64Ki`"));
        check("1 Gi", Some("write `1Gi`"));
        check("1,5Gi", Some("write `1.5Gi`"));
        check("2 gigabytes", Some("`2G`"));
        check("100B", Some("write `100`"));
        check("2 cores", Some("write `2`"));
        check("-1", Some("below zero"));
        check("-1Gi", Some("below zero"));
        for text in ["", ".", "+", "Gi", "1e", "1e3.5", "1.2.3", "1Gi2", "two", "0x10", "1mi!", "1٣"] {
            check(text, Some(""));
        }
        check("abc", Some("at most one suffix"));
    }
}
