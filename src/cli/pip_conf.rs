//! pip's own configuration files, as far as they say where packages are.
//!
//! What pip refuses is refused, with its file and line: a file that is half understood would ask other indexes than meant.
//! Lines are not repeated, since they may hold a password.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::indexes::{IndexSettings, check_index};
use super::report::Failure;

/// The sections that count for whoever installs, the most important first.
const SECTIONS: [&str; 2] = ["install", "global"];

/// What changes where packages come from, and is not followed, with what is.
const NOT_FOLLOWED: [(&str, &str); 4] = [
    ("proxy", "set HTTPS_PROXY"),
    ("client-cert", "name it in `registries:` of ~/.leoflow/config.yaml"),
    ("keyring-provider", "write user and password into ~/.netrc or the index's URL"),
    ("pypi-url", "write `index-url`"),
];

/// What a file says of indexes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PipConf {
    /// What is followed.
    pub(super) settings: IndexSettings,
    /// What is not, each with what to do.
    pub(super) ignored: Vec<(String, &'static str)>,
}

/// What is wrong with a line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
struct LineFault {
    line: usize,
    message: String,
}

/// Returns where pip looks for its files, the most important first (pip's documentation, "Configuration");
/// `variable` looks one up.
pub(super) fn files(variable: &dyn Fn(&str) -> Option<String>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let named = variable("PIP_CONFIG_FILE");
    if named.as_deref() == Some("/dev/null") {
        return Vec::new();
    }
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".config")));
    let user = [config.map(|config| config.join("pip/pip.conf")), home.map(|home| home.join(".pip/pip.conf"))];
    let machine = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
    let machine = machine.split(':').map(|directory| PathBuf::from(directory).join("pip/pip.conf")).collect::<Vec<_>>();
    let all = named.map(PathBuf::from).into_iter().chain(user.into_iter().flatten());
    all.chain([PathBuf::from("/etc/pip.conf")]).chain(machine).collect()
}

/// Reads the text of the file at `path`.
///
/// # Errors
/// With the first line that means nothing.
pub(super) fn parse(path: &Path, text: &[u8]) -> Result<PipConf, Failure> {
    read(text).map_err(|LineFault { line, message }| {
        let help = "mend that line, or set PIP_CONFIG_FILE=/dev/null to have none of pip's files read";
        Failure::usage(format!("`{}`, line {line}: {message}", path.display()), help)
    })
}

/// What the file says of other things is pip's alone.
fn read(text: &[u8]) -> Result<PipConf, LineFault> {
    let values = Values::of(utf8(text)?)?;
    let list = |key| values.get(key).map(|value| value.words());
    for key in ["index-url", "extra-index-url"] {
        for word in list(key).into_iter().flatten() {
            values.checked(key, check_index(&word))?;
        }
    }
    let no_index = values.get("no-index").map(|value| truth(&value.text).ok_or_else(not_a_truth));
    let ignored = NOT_FOLLOWED.iter().filter_map(|(key, help)| {
        let line = values.get(key)?.line;
        Some((format!("line {line}: `{key}` is not followed"), *help))
    });
    let settings = IndexSettings {
        index_url: values.get("index-url").map(|value| value.text.clone()),
        extra_index_url: list("extra-index-url"),
        find_links: list("find-links"),
        no_index: no_index.map(|truth| values.checked("no-index", truth)).transpose()?,
        trusted_host: list("trusted-host"),
        authorities: values.get("cert").map(|value| PathBuf::from(&value.text)),
    };
    Ok(PipConf { settings, ignored: ignored.collect() })
}

fn utf8(text: &[u8]) -> Result<&str, LineFault> {
    std::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        LineFault { line, message: "this is not UTF-8".to_owned() }
    })
}

fn not_a_truth() -> String {
    "this is neither yes nor no: write `true` or `false`".to_owned()
}

/// Returns whether pip takes a text for yes.
pub(super) fn is_true(text: &str) -> bool {
    truth(text) == Some(true)
}

/// Returns what pip takes a text for.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "y" | "yes" | "t" | "true" | "on" => Some(true),
        "0" | "n" | "no" | "f" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// A value, and the line that it begins on.
struct Value {
    text: String,
    line: usize,
}

impl Value {
    fn words(&self) -> Vec<String> {
        self.text.split_whitespace().map(str::to_owned).collect()
    }
}

/// All values by section and key, as Python's `RawConfigParser` reads them: a line that is indented goes on with the value
/// before, and nothing is said twice.
#[derive(Default)]
struct Values(BTreeMap<(String, String), Value>);

impl Values {
    fn of(text: &str) -> Result<Self, LineFault> {
        let mut values = Self::default();
        let (mut sections, mut last): (Vec<String>, _) = (Vec::new(), None);
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with(['#', ';']));
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let fault = |message: &str| LineFault { line: number, message: message.to_owned() };
            let trimmed = line.trim();
            if let (true, Some(value)) =
                (line.starts_with([' ', '\t']), last.as_ref().and_then(|key| values.0.get_mut(key)))
            {
                value.text.extend(["\n", trimmed]);
            } else if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                if sections.iter().any(|section| section == name) {
                    return Err(fault("this section is there twice"));
                }
                sections.push(name.to_owned());
                last = None;
            } else {
                let section = sections.last().ok_or_else(|| fault("this stands before any [section]"))?;
                let (key, text) = trimmed.split_once(['=', ':']).ok_or_else(|| fault("this is no `key = value`"))?;
                let key = (section.clone(), key.trim().to_lowercase().replace('_', "-"));
                let value = Value { text: text.trim().to_owned(), line: number };
                if values.0.insert(key.clone(), value).is_some() {
                    return Err(fault("this key is there twice"));
                }
                last = Some(key);
            }
        }
        values.0.retain(|_, value| !value.text.is_empty());
        Ok(values)
    }

    fn get(&self, key: &str) -> Option<&Value> {
        SECTIONS.iter().find_map(|section| self.0.get(&((*section).to_owned(), key.to_owned())))
    }

    /// Adds the line of `key` to what is wrong with its value.
    fn checked<T>(&self, key: &str, value: Result<T, String>) -> Result<T, LineFault> {
        value.map_err(|message| LineFault { line: self.get(key).map_or(0, |value| value.line), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_where_packages_are() {
        let found = read(
            b"# ours\n[global]\nindex-url = https://a/simple\nextra_index_url =\n    https://b/simple\n    https://c/simple\n\
             [list]\nindex-url = https://no/\n\n[install]\nno-index: yes\nfind-links = /w ./x\ntimeout = 3\n",
        );
        let PipConf { settings: found, ignored } = found.unwrap();
        assert_eq!(found.index_url.as_deref(), Some("https://a/simple"));
        assert_eq!(found.extra_index_url, Some(vec!["https://b/simple".into(), "https://c/simple".into()]));
        assert_eq!((found.no_index, found.find_links), (Some(true), Some(vec!["/w".into(), "./x".into()])));
        assert_eq!(ignored, []);
        assert_eq!(read(b"").unwrap(), PipConf::default());
    }

    #[test]
    fn what_means_nothing_is_refused_by_line() {
        let check = |text: &[u8], line: usize, part: &str| {
            let fault = read(text).expect_err(part);
            assert!(fault.line == line && fault.message.contains(part), "{fault:?}");
        };
        check(b"\nindex-url = https://a/\n", 2, "before any [section]");
        check(b"[global]\n\nnonsense\n", 3, "no `key = value`");
        check(b"[global\n", 1, "before any [section]");
        check(b"[global]\n[install]\n[global]\n", 3, "twice");
        check(b"[global]\nindex-url = https://a/\nindex_url = https://b/\n", 3, "twice");
        check(b"[global]\n\xff = 1\n", 2, "UTF-8");
        check(b"[global]\nno-index = perhaps\n", 2, "neither yes nor no");
        check(b"[install]\nindex-url = ftp://u:sesame@a/\n", 2, "http");
        check(b"[install]\nindex-url = pypi.corp/simple\n", 2, "https://");
        check(b"[install]\nextra-index-url =\n  https://a/\n  https://[/\n", 2, "URL");
    }

    #[test]
    fn what_leads_elsewhere_and_is_not_followed_is_told() {
        let PipConf { ignored, .. } = read(b"[global]\nproxy = http://p:1\nretries = 2\n").unwrap();
        assert_eq!(ignored, [("line 2: `proxy` is not followed".to_owned(), "set HTTPS_PROXY")]);
    }

    #[test]
    fn files_lie_where_pip_looks() {
        let check = |variables: &[(&str, &str)], expected: &[&str]| {
            let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
            let found = files(&variable, Some("/h".into()));
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{variables:?}");
        };
        let usual = ["/h/.config/pip/pip.conf", "/h/.pip/pip.conf", "/etc/pip.conf", "/etc/xdg/pip/pip.conf"];
        check(&[], &usual);
        check(&[("PIP_CONFIG_FILE", "/x")], &[&["/x"], &usual[..]].concat());
        check(&[("PIP_CONFIG_FILE", "/dev/null")], &[]);
        check(
            &[("XDG_CONFIG_HOME", "/c"), ("XDG_CONFIG_DIRS", "/d:/e")],
            &["/c/pip/pip.conf", "/h/.pip/pip.conf", "/etc/pip.conf", "/d/pip/pip.conf", "/e/pip/pip.conf"],
        );
    }
}
