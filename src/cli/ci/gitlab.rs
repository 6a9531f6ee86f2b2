//! GitLab's collapsible sections: <https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections>.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::report::printable;

/// Begins a part of the log that can be folded away, and is.
pub(super) fn section_start(number: u64, title: &str) -> String {
    let title = printable(title).replace('\n', " ");
    format!("\u{1b}[0Ksection_start:{}:leoflow_{number}[collapsed=true]\r\u{1b}[0K{title}", now())
}

/// Ends it.
pub(super) fn section_end(number: u64) -> String {
    format!("\u{1b}[0Ksection_end:{}:leoflow_{number}\r\u{1b}[0K", now())
}

/// Seconds since the Unix epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_begin_a_section_of_its_own() {
        let section = section_start(0, "a\n\u{1b}[0Ksection_end:1:leoflow_0\r\u{1b}[0K");
        assert_eq!(section.matches('\u{1b}').count(), 2, "{section:?}");
        assert!(!section.contains('\n') && section.matches('\r').count() == 1, "{section:?}");
    }
}
