//! Which bytes of a whole have arrived.

/// A `Content-Range` of a partial answer, `bytes 5-9/10` (RFC 9110 section 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) start: u64,
    /// The offset after the last byte.
    pub(crate) end: u64,
    /// `None` where the server does not know it.
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// Reads the header's text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, last) = (start.trim().parse().ok()?, last.trim().parse::<u64>().ok()?);
        let total = if total.trim() == "*" { None } else { Some(total.trim().parse().ok()?) };
        let end = last.checked_add(1).filter(|end| *end > start)?;
        Some(Self { start, end, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_answer_says_which_part_it_is() {
        for (text, expected) in [
            ("bytes 5-9/10", Some((5, 10, Some(10)))),
            ("bytes 0-0/*", Some((0, 1, None))),
            ("bytes 9-5/10", None),
            ("bytes */10", None),
            ("5-9/10", None),
            ("bytes 5-18446744073709551615/*", None),
            ("bytes 5-9/ten", None),
        ] {
            let found = ContentRange::parse(text).map(|range| (range.start, range.end, range.total));
            assert_eq!(found, expected, "{text}");
        }
    }
}
