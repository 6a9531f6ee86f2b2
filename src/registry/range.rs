//! The two headers that say which bytes are meant, or which have arrived.

/// A `Content-Range` of a partial answer, `bytes 5-9/10` (RFC 9110 section 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) start: u64,
    /// The offset after the last byte.
    pub(super) end: u64,
    /// `None` where the server does not know it.
    pub(super) total: Option<u64>,
}

impl ContentRange {
    /// Reads the header's text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, last) = (start.trim().parse().ok()?, last.trim().parse::<u64>().ok()?);
        let total = if total.trim() == "*" { None } else { Some(total.trim().parse().ok()?) };
        let end = last.checked_add(1).filter(|end| *end > start)?;
        Some(Self { start, end, total })
    }
}

/// Returns the offset of the last byte that a registry has, by the `Range: 0-<last>` of an upload; 0 also where it has
/// none (distribution-spec, "Pushing a blob in chunks"). Some write it with a unit.
pub(super) fn last_received(text: &str) -> Option<u64> {
    let text = text.trim();
    let range = text.strip_prefix("bytes").map_or(text, |rest| rest.trim_start_matches(['=', ' ']));
    let (_, last) = range.split_once('-')?;
    last.trim().parse().ok()
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

    #[test]
    fn a_registry_says_how_much_it_has() {
        for (text, expected) in [
            ("0-99", Some(99)),
            ("0-0", Some(0)),
            ("bytes=0-99", Some(99)),
            ("bytes 0-99", Some(99)),
            ("100-199", Some(199)),
            ("", None),
            ("99", None),
            ("0-", None),
            ("0--1", None),
        ] {
            assert_eq!(last_received(text), expected, "{text}");
        }
    }
}
