//! Words for people: sizes, short digests, and what went wrong on the way.

use std::path::Path;
use std::time::Duration;

use crate::cli::report::Report;
use crate::layers::Digest;

pub(super) fn exposed_key(path: &Path) -> Report {
    let path = path.display();
    Report::new(format!("other users of this machine can read the key `{path}`"))
        .help(Some(format!("chmod 600 {path}")))
}

/// A deploy without it is as good, and takes longer.
pub(super) fn unremembered(record: &str, reason: &str) -> Report {
    Report::new(format!("what {record} remembers of package layers is not used: {reason}"))
        .help(Some("delete that tag if it is not yours; --no-remote-cache leaves it alone".to_owned()))
}

pub(super) fn not_remembered(record: &str, reason: &str) -> Report {
    Report::new(format!("the package layers cannot be remembered as {record}: {reason}"))
        .help(Some("allow that tag to be written again, or leave it alone with --no-remote-cache".to_owned()))
}

/// Says what is tried again, and why; what was attempted and where is not said twice.
pub(super) fn retry(attempted: &str, reason: &str, after: Duration) -> String {
    let reason = reason.strip_prefix("cannot ").unwrap_or(reason);
    let reason = reason.strip_prefix(attempted).map_or(reason, |rest| rest.trim_start_matches(": "));
    let reason = reason.rsplit_once(" (http").map_or(reason, |(reason, _)| reason);
    let reason = reason.split_once(" refused: ").map_or(reason, |(_, status)| status);
    let (attempted, _) = attempted.split_once(" to ").unwrap_or((attempted, ""));
    with_short_digests(&format!("in {:.1} s: {attempted}: {reason}", after.as_secs_f64()))
}

/// Says all that is known of it.
pub(super) fn full_retry(attempted: &str, reason: &str, after: Duration) -> String {
    format!("in {:.1} s: {attempted}: {reason}", after.as_secs_f64())
}

/// Shortens the digests in a text that only people read.
pub fn with_short_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        short.push_str(&part[..digits.min(SHORT)]);
        short.push_str(&part[digits..]);
    }
    short
}

/// Digits of a digest, as container tools show it.
const SHORT: usize = 12;

/// Returns the first twelve digits of a digest, as container tools show it.
#[must_use]
pub fn short(digest: &Digest) -> String {
    digest.hex()[..SHORT].to_owned()
}

/// Returns `816 B`, `1.37 KiB`, `45.31 MiB` and the like.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut amount, mut unit) = (bytes as f64 / 1024.0, 0);
    // What would be written as 1024.00 is one of the next unit.
    while amount >= 1023.995 {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.2} {}", UNITS[unit])
}

/// Returns `26s`, `12m`, `3h`: as exact as anybody can say.
pub(super) fn human_duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..100 => format!("{seconds}s"),
        seconds @ ..6_000 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_told_in_a_line_and_says_nothing_twice() {
        let digest = format!("sha256:{}", "0123456789ab".repeat(6).split_at(64).0);
        let attempted = format!("upload the layer {digest} to registry.example.com/team/demo");
        let reason =
            format!("cannot {attempted}: registry.example.com refused: HTTP 500 (https://registry.example.com/v2/)");
        let told = retry(&attempted, &reason, Duration::from_millis(300));
        assert_eq!(told, "in 0.3 s: upload the layer 0123456789ab: HTTP 500");
        assert_eq!(retry("read x", "other", Duration::from_secs(2)), "in 2.0 s: read x: other");
    }

    #[test]
    fn bytes_and_times_are_written_as_people_read_them() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.00 KiB"),
            (1_404, "1.37 KiB"),
            (1_048_570, "1023.99 KiB"),
            (1_048_575, "1.00 MiB"),
            (3_650_722_201, "3.40 GiB"),
            (u64::MAX, "16.00 EiB"),
        ] {
            assert_eq!(human_bytes(bytes), expected, "{bytes}");
        }
        for (seconds, expected) in [(0, "0s"), (99, "99s"), (100, "1m"), (5_999, "99m"), (6_000, "1h"), (90_000, "25h")] {
            assert_eq!(human_duration(Duration::from_secs(seconds)), expected, "{seconds}");
        }
    }
}
