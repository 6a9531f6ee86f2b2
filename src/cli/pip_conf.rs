//! pip's own configuration files, as far as they say where packages are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::indexes::IndexSettings;

/// The sections that count for whoever installs, the most important first.
const SECTIONS: [&str; 2] = ["install", "global"];

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

/// Reads a file's text. What it says of other things is pip's alone.
pub(super) fn parse(text: &str) -> IndexSettings {
    let values = values(text);
    let value = |key: &str| SECTIONS.iter().find_map(|section| values.get(&((*section).to_owned(), key.to_owned())));
    let list = |key: &str| value(key).map(|text| text.split_whitespace().map(str::to_owned).collect());
    IndexSettings {
        index_url: value("index-url").cloned(),
        extra_index_url: list("extra-index-url"),
        find_links: list("find-links"),
        no_index: value("no-index").map(|text| is_true(text)),
        trusted_host: list("trusted-host"),
        authorities: value("cert").map(PathBuf::from),
    }
}

/// Returns whether pip takes a text for yes.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "y" | "yes" | "t" | "true" | "on")
}

/// Returns all values by section and key, as Python's `RawConfigParser` reads them: a line that is indented goes on with
/// the value before.
fn values(text: &str) -> BTreeMap<(String, String), String> {
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    let (mut section, mut last) = (String::new(), None);
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            (section, last) = (name.to_owned(), None);
        } else if line.starts_with([' ', '\t']) && last.is_some() {
            let value = last.as_ref().and_then(|key| found.get_mut(key));
            value.into_iter().for_each(|value| value.extend(["\n", trimmed]));
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let key = (section.clone(), key.trim().to_lowercase().replace('_', "-"));
            found.insert(key.clone(), value.trim().to_owned());
            last = Some(key);
        }
    }
    found.retain(|_, value| !value.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_where_packages_are() {
        let found = parse(
            "# ours\n[global]\nindex-url = https://a/simple\nextra_index_url =\n    https://b/simple\n    https://c/simple\n\
             [list]\nindex-url = https://no/\n[install]\nno-index: yes\nfind-links = /w ./x\n[global]\ntimeout = 3\n",
        );
        assert_eq!(found.index_url.as_deref(), Some("https://a/simple"));
        assert_eq!(found.extra_index_url, Some(vec!["https://b/simple".into(), "https://c/simple".into()]));
        assert_eq!((found.no_index, found.find_links), (Some(true), Some(vec!["/w".into(), "./x".into()])));
        assert_eq!(parse("nonsense\n  and = more\n[global"), IndexSettings::default());
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
