//! The header that says which bytes of an upload have arrived.

pub(super) use crate::http::ContentRange;

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
