//! What a scalar is, by the core schema (YAML 1.2.2, section 10.3.2).

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::project) struct Scalar {
    /// Its text, quotes and escapes resolved.
    pub(in crate::project) text: String,
    /// Whether it is text whatever it looks like: quoted, a block, or tagged `!!str`.
    pub(in crate::project) quoted: bool,
}

/// What a scalar resolves to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::project) enum Resolved {
    Null,
    Bool(bool),
    /// An integer; `None` when it does not fit.
    Integer(Option<i128>),
    Float(f64),
    Text,
}

impl Scalar {
    /// Returns what the text means.
    pub(in crate::project) fn resolve(&self) -> Resolved {
        if self.quoted {
            return Resolved::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
            "true" | "True" | "TRUE" => Resolved::Bool(true),
            "false" | "False" | "FALSE" => Resolved::Bool(false),
            text => integer(text).or_else(|| float(text)).unwrap_or(Resolved::Text),
        }
    }
}

fn integer(text: &str) -> Option<Resolved> {
    let digits = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(octal) = text.strip_prefix("0o").filter(|octal| digits(octal, 8)) {
        return Some(Resolved::Integer(i128::from_str_radix(octal, 8).ok()));
    }
    if let Some(hex) = text.strip_prefix("0x").filter(|hex| digits(hex, 16)) {
        return Some(Resolved::Integer(i128::from_str_radix(hex, 16).ok()));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits(unsigned, 10).then(|| Resolved::Integer(text.parse().ok()))
}

fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let special = match unsigned {
        ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => Some(f64::NAN),
        _ => None,
    };
    if let Some(value) = special {
        return Some(Resolved::Float(if text.starts_with('-') { -value } else { value }));
    }
    // Rust also reads `inf`, `nan` and `infinity`, which are text here.
    let shaped = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !shaped {
        return None;
    }
    text.parse().ok().map(Resolved::Float)
}
