//! Points in time as text.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST: u64 = 253_402_300_799;

/// Returns seconds since the Unix epoch as RFC 3339 has them, in UTC: `2026-11-22T14:00:00Z`.
pub(crate) fn rfc3339(epoch_seconds: u64) -> String {
    let seconds = i64::try_from(epoch_seconds.min(LAST)).unwrap_or_default();
    DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns milliseconds since the Unix epoch as RFC 3339 has them, in UTC: `2026-11-22T14:00:00.042Z`.
pub(crate) fn rfc3339_milliseconds(epoch_milliseconds: u64) -> String {
    let milliseconds = i64::try_from(epoch_milliseconds.min(LAST * 1000)).unwrap_or_default();
    let time = DateTime::<Utc>::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Returns seconds since the Unix epoch as Amazon's signatures have them, in UTC: `20261122T140000Z`.
pub(crate) fn basic_iso8601(epoch_seconds: u64) -> String {
    rfc3339(epoch_seconds).replace(['-', ':'], "")
}

/// Reads an RFC 3339 time as seconds since the Unix epoch.
pub(crate) fn from_rfc3339(text: &str) -> Option<u64> {
    DateTime::parse_from_rfc3339(text).ok().and_then(|time| u64::try_from(time.timestamp()).ok())
}

/// Reads a number of seconds as servers write it: whole, with a fraction, or as text. What is no such number, and what is
/// not positive, says nothing.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    let number = match value {
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        other => other.as_f64()?,
    };
    // Casting saturates.
    (number >= 1.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn seconds_come_in_many_spellings() {
        for (value, expected) in [
            (json!(300), Some(300)),
            (json!(299.9), Some(299)),
            (json!("300"), Some(300)),
            (json!(" 3599.5 "), Some(3599)),
            (json!(1e300), Some(u64::MAX)),
            (json!(0), None),
            (json!(-5), None),
            (json!("soon"), None),
            (json!("NaN"), None),
            (json!(null), None),
            (json!([300]), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }

    #[test]
    fn times_are_read_and_written_in_the_forms_of_clouds() {
        assert_eq!(basic_iso8601(1_440_938_160), "20150830T123600Z");
        assert_eq!(from_rfc3339("2015-08-30T12:36:00Z"), Some(1_440_938_160));
        assert_eq!(from_rfc3339("2015-08-30T14:36:00.5+02:00"), Some(1_440_938_160));
        assert_eq!(from_rfc3339("tomorrow"), None);
    }

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
