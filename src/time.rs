//! Points in time as text.

use chrono::{DateTime, SecondsFormat, Utc};

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST: u64 = 253_402_300_799;

/// Returns seconds since the Unix epoch as RFC 3339 has them, in UTC: `2026-11-22T14:00:00Z`.
pub(crate) fn rfc3339(epoch_seconds: u64) -> String {
    let seconds = i64::try_from(epoch_seconds.min(LAST)).unwrap_or_default();
    DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }
}
