//! Which of the recorded versions is meant.

use crate::cli::record::SANDBOX;
use crate::cli::report::Failure;
use crate::control_plane::LiveDag;
use crate::record::{Entry, Way};

/// How much of a version or digest must be given.
const LEAST_DIGITS: usize = 4;

/// Returns whether an entry is of what is live; a server that says nothing of its version says it of spec or image.
pub(in crate::cli) fn is_live(entry: &Entry, live: &LiveDag) -> bool {
    match (&live.version, &live.spec_hash, &live.image) {
        (Some(version), _, _) => *version == entry.version,
        (None, Some(spec_hash), _) => *spec_hash == entry.spec_hash,
        (None, None, image) => image.as_ref().is_some_and(|image| *image == entry.image.to_string()),
    }
}

/// Returns whether a server says anything by which a version could be known.
pub(in crate::cli) fn is_telling(live: &LiveDag) -> bool {
    *live != LiveDag::default()
}

/// Returns the version before the live one, of `entries` with the newest first. One that was made live again by a
/// rollback is looked for where it was deployed: going back twice goes back by two.
pub(in crate::cli) fn before<'a>(entries: &'a [Entry], live: &LiveDag) -> Result<&'a Entry, NoneBefore> {
    let deployed = |entry: &Entry| entry.way != Way::Rollback && is_live(entry, live);
    let at = entries.iter().position(deployed).or_else(|| entries.iter().position(|entry| is_live(entry, live)));
    let at = match at {
        Some(at) => at,
        None if is_telling(live) => return Err(NoneBefore::LiveUnknown),
        None => 0,
    };
    let (newer, older) = entries.split_at(entries.len().min(at + 1));
    let live = newer.last().ok_or(NoneBefore::Nothing)?;
    older.iter().find(|entry| entry.version != live.version).ok_or(NoneBefore::Nothing)
}

/// Why there is no version before the live one.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum NoneBefore {
    /// The live one was not deployed from here.
    LiveUnknown,
    /// It is the first that was.
    Nothing,
}

/// Returns the version that a text names: by the server's name for it or the beginning of that, by its dag_version, or by
/// its image's digest or the beginning of that; the first of these that fits any.
pub(in crate::cli) fn named<'a>(entries: &'a [Entry], text: &str) -> Result<&'a Entry, Failure> {
    let digits = text.rsplit_once("sha256:").map_or(text, |(_, digits)| digits);
    let is_long = digits.len() >= LEAST_DIGITS;
    let ways: [&dyn Fn(&Entry) -> bool; 4] = [
        &|entry| entry.version == text,
        &|entry| entry.dag_version == text,
        &|entry| entry.image.digest().hex() == digits,
        &|entry| is_long && (entry.version.starts_with(text) || entry.image.digest().hex().starts_with(digits)),
    ];
    let found = ways.iter().map(|fits| entries.iter().filter(|entry| fits(entry)).collect::<Vec<_>>());
    let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found.split_first() {
        Some((first, others)) if others.iter().all(|other| other.version == first.version) => Ok(first),
        Some(_) => Err(several(text, &found)),
        None => Err(none(text, entries)),
    }
}

fn several(text: &str, found: &[&Entry]) -> Failure {
    let mut versions: Vec<&str> = found.iter().map(|entry| entry.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    Failure::usage(format!("`{text}` names {} versions: {}", versions.len(), versions.join(", ")), "name one of them")
}

/// Returns the command that lists what an entry is one of.
fn history_of(entry: &Entry) -> String {
    match entry.server.as_str() {
        SANDBOX => format!("leoflow history {} --sandbox", entry.dag_id),
        server => format!("leoflow history {} --server {server}", entry.dag_id),
    }
}

fn none(text: &str, entries: &[Entry]) -> Failure {
    let why =
        if text.len() < LEAST_DIGITS { format!(" (at least {LEAST_DIGITS} digits are needed)") } else { String::new() };
    let command = entries.first().map_or_else(|| "leoflow history DAG_ID".to_owned(), history_of);
    let help = format!("`{command}` lists them");
    Failure::usage(format!("`{text}` names no version that was deployed from this machine{why}"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version deployed in a way: its image's digest ends in `image`.
    fn entry(version: &str, dag_version: &str, image: &str, way: Way) -> Entry {
        let json = serde_json::json!({
            "time": 1, "way": way, "server": "https://s", "dag_id": "etl", "dag_version": dag_version,
            "version": version, "spec_hash": format!("{version}-hash"),
            "image": format!("r.example.com/etl@sha256:{image:0<64}"), "spec": format!("sha256:{version:0<64}"),
        });
        serde_json::from_value(json).unwrap()
    }

    fn live(version: &str) -> LiveDag {
        LiveDag { version: Some(version.to_owned()), ..LiveDag::default() }
    }

    /// Deploys from the oldest to the newest: a version, and `!` behind it when it was a rollback.
    fn deploys(text: &str) -> Vec<Entry> {
        let way = |word: &str| if word.ends_with('!') { Way::Rollback } else { Way::Deploy };
        let entries = text.split(' ').map(|word| entry(word.trim_end_matches('!'), word, "a", way(word)));
        let mut entries: Vec<Entry> = entries.collect();
        entries.reverse();
        entries
    }

    #[test]
    fn back_is_the_version_that_was_live_before() {
        for (history, live_now, expected) in [
            ("1a 2b 3c", "3c", Ok("2b")),
            ("1a 2b 3c", "2b", Ok("1a")),
            ("1a 2b 3c", "1a", Err(NoneBefore::Nothing)),
            ("1a 2b 3c", "9f", Err(NoneBefore::LiveUnknown)),
            ("1a 2b 3c 2b!", "2b", Ok("1a")),
            ("1a 2b 3c 2b! 1a!", "1a", Err(NoneBefore::Nothing)),
            ("1a 2b 3c 2b! 4d", "4d", Ok("2b")),
            ("1a 2b 3c 2b! 4d 2b!", "2b", Ok("1a")),
            ("1a 2b 1a", "1a", Ok("2b")),
            ("2b! 3c", "3c", Ok("2b")),
            ("1a 2b!", "2b", Ok("1a")),
        ] {
            let entries = deploys(history);
            let found = before(&entries, &live(live_now)).map(|entry| entry.version.as_str());
            assert_eq!(found, expected, "{history}, live {live_now}");
        }
        let silent = LiveDag::default();
        assert_eq!(before(&deploys("1a 2b"), &silent).unwrap().version, "1a", "the newest counts as live");
        assert_eq!(before(&[], &silent), Err(NoneBefore::Nothing));
    }

    #[test]
    fn a_version_is_named_in_several_ways() {
        let entries = [
            entry("9f3a2c1", "v3", "cc01", Way::Rollback),
            entry("9f3bbbb", "v2", "bb02", Way::Deploy),
            entry("1234567", "9f3a", "cc02", Way::Deploy),
            entry("9f3a2c1", "v3", "cc01", Way::Deploy),
            entry("7654321", "v2", "bb02", Way::Deploy),
        ];
        for (text, expected) in [
            ("9f3a2c1", Ok("9f3a2c1")),
            ("9f3a", Ok("1234567")),
            ("9f3a2", Ok("9f3a2c1")),
            ("9f3", Err("at least 4 digits")),
            ("v3", Ok("9f3a2c1")),
            ("v2", Err("names 2 versions: 7654321, 9f3bbbb")),
            ("cc02", Ok("1234567")),
            ("sha256:cc02", Ok("1234567")),
            ("sha256:cc", Err("names no version")),
            ("sha256:bb02", Err("names 2 versions")),
            ("v4", Err("names no version")),
            ("nothing", Err("names no version")),
        ] {
            match (named(&entries, text), expected) {
                (Ok(found), Ok(version)) => assert_eq!(found.version, version, "{text}"),
                (Err(failure), Err(says)) => assert!(failure.reports[0].message.contains(says), "{text}: {failure:?}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        let whole = format!("r.example.com/etl@sha256:{:0<64}", "cc02");
        assert_eq!(named(&entries, &whole).unwrap().version, "1234567");
    }

    #[test]
    fn a_server_that_says_little_is_understood() {
        let entry = entry("9f3a2c1", "v3", "cc01", Way::Deploy);
        let image = Some(entry.image.to_string());
        for (live, expected) in [
            (live("9f3a2c1"), true),
            (LiveDag { version: Some("other".into()), image: image.clone(), ..LiveDag::default() }, false),
            (LiveDag { spec_hash: Some("9f3a2c1-hash".into()), ..LiveDag::default() }, true),
            (LiveDag { spec_hash: Some("other".into()), ..LiveDag::default() }, false),
            (LiveDag { image, ..LiveDag::default() }, true),
            (LiveDag::default(), false),
        ] {
            assert_eq!(is_live(&entry, &live), expected, "{live:?}");
        }
    }
}
