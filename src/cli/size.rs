//! Sizes and ages as people write them.

use std::time::Duration;

/// Units and how many bytes they are; longer names first, since `B` ends all of them.
const SIZES: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// Units and how many seconds they are.
const AGES: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];

/// Reads `512MiB`, `5GB`, or a number of bytes.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let bytes = text.parse().ok().or_else(|| with_unit(text, &SIZES));
    bytes.ok_or_else(|| "expected a whole number with KiB, MiB, GiB, KB, MB or GB".to_owned())
}

/// Reads `30d`, `12h`, or `90s`.
pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let seconds = with_unit(text, &AGES).map(Duration::from_secs);
    seconds.ok_or_else(|| "expected a whole number with s, m, h, d or w".to_owned())
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim_start()))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, expected) in [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("1GiB", Some(1 << 30)),
            ("5 gib", Some(5 << 30)),
            ("2MB", Some(2_000_000)),
            ("7B", Some(7)),
            ("", None),
            ("GiB", None),
            ("-1", None),
            ("1.5GiB", None),
            ("1GiBs", None),
            ("99999999999TiB", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn ages_are_read_as_people_write_them() {
        for (text, expected) in
            [("30d", Some(2_592_000)), ("12h", Some(43_200)), ("0s", Some(0)), ("30", None), ("d", None)]
        {
            assert_eq!(parse_age(text).ok().map(|age| age.as_secs()), expected, "{text}");
        }
    }
}
