//! The distributions that a Python finds (PyPA specification "Recording installed projects"; eggs before it).

use std::collections::BTreeMap;

use pep508_rs::PackageName;

use super::Distribution;
use super::tree::Tree;

/// Returns the distributions below `sites`, sorted by name; of two with one name, the one that is found first.
pub(super) fn find(tree: &mut Tree, sites: &[String]) -> Vec<Distribution> {
    let mut found: BTreeMap<PackageName, Distribution> = BTreeMap::new();
    for site in with_path_files(tree, sites) {
        for directory in directories(tree, &site) {
            if let Some(distribution) = distribution(tree, &site, &directory) {
                found.entry(distribution.name.clone()).or_insert(distribution);
            }
        }
    }
    found.into_values().collect()
}

/// Adds the directories that the path files of a site name (`site`, "path configuration files").
fn with_path_files(tree: &Tree, sites: &[String]) -> Vec<String> {
    let mut all = sites.to_vec();
    for site in sites {
        let files: Vec<String> = top_level(tree, site).into_iter().filter(|name| name.ends_with(".pth")).collect();
        for (_, kept) in files.iter().filter_map(|name| tree.file(&format!("{site}/{name}"))) {
            let lines = kept.text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines.filter(|line| !line.starts_with("import ") && !line.starts_with("import\t")) {
                let path = if line.starts_with('/') { line.to_owned() } else { format!("{site}/{line}") };
                all.extend(tree.resolve(&path).filter(|path| !all.contains(path)));
            }
        }
    }
    all
}

/// Returns the `.dist-info` and `.egg-info` directories and files of a site.
fn directories(tree: &Tree, site: &str) -> Vec<String> {
    let is_info = |name: &String| name.ends_with(".dist-info") || name.ends_with(".egg-info");
    top_level(tree, site).into_iter().filter(is_info).map(|name| format!("{site}/{name}")).collect()
}

fn top_level(tree: &Tree, directory: &str) -> Vec<String> {
    let mut names: Vec<String> =
        tree.names_below(directory).filter_map(|name| name.split('/').next()).map(str::to_owned).collect();
    names.dedup();
    names
}

fn distribution(tree: &mut Tree, site: &str, directory: &str) -> Option<Distribution> {
    let metadata = ["/METADATA", "/PKG-INFO", ""].iter().find_map(|name| tree.file(&format!("{directory}{name}")));
    let headers = headers(&metadata?.1.text);
    let all = |name: &str| {
        let named = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let (name, version) = (all("Name").first()?.parse().ok()?, all("Version").first()?.parse().ok()?);
    let (mut requires, mut extras) = (all("Requires-Dist"), all("Provides-Extra"));
    if let Some((_, kept)) = tree.file(&format!("{directory}/requires.txt"))
        && requires.is_empty()
    {
        (requires, extras) = egg_requirements(&kept.text);
    }
    let files = files(tree, site, directory);
    Some(Distribution { name, version, requires, extras, directory: directory.to_owned(), files })
}

/// Returns the headers of core metadata; lines that begin with a space go on.
fn headers(text: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (false, _, Some((key, value))) => headers.push((key.trim().to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    headers
}

/// Returns what an egg requires in the words of `Requires-Dist`, and its extras: a section is named `extra:marker`.
fn egg_requirements(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut requires, mut extras) = (Vec::new(), Vec::new());
    let mut marker = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(section) => {
                let (extra, condition) = section.split_once(':').unwrap_or((section, ""));
                marker = joined(extra, condition);
                if !extra.is_empty() && !extras.iter().any(|known| known == extra) {
                    extras.push(extra.to_owned());
                }
            }
            None if marker.is_empty() => requires.push(line.to_owned()),
            // A space, or a URL would end in the semicolon.
            None => requires.push(format!("{line} ; {marker}")),
        }
    }
    (requires, extras)
}

fn joined(extra: &str, condition: &str) -> String {
    match (extra, condition) {
        ("", condition) => condition.to_owned(),
        (extra, "") => format!("extra == '{extra}'"),
        (extra, condition) => format!("({condition}) and extra == '{extra}'"),
    }
}

/// Returns the files that an installer has recorded, by their own names.
fn files(tree: &mut Tree, site: &str, directory: &str) -> Vec<String> {
    let record = tree.file(&format!("{directory}/RECORD")).map(|(_, kept)| kept.text.clone());
    let installed = || tree.file(&format!("{directory}/installed-files.txt")).map(|(_, kept)| kept.text.clone());
    let (from, names): (&str, Vec<String>) = match record {
        Some(record) => (site, record.lines().filter_map(first_field).collect()),
        None => (directory, installed().unwrap_or_default().lines().map(str::to_owned).collect()),
    };
    let absolute = |name: &String| if name.starts_with('/') { name.clone() } else { format!("{from}/{name}") };
    let names = names.iter().filter(|name| !name.is_empty()).map(absolute);
    let mut files: Vec<String> = names.filter_map(|name| tree.place(&name)).collect();
    files.sort();
    files.dedup();
    files
}

/// Returns the path in a line of a `RECORD`, which is CSV.
fn first_field(line: &str) -> Option<String> {
    let Some(quoted) = line.strip_prefix('"') else { return line.split(',').next().map(str::to_owned) };
    let end = quoted.match_indices('"').map(|(at, _)| at).collect::<Vec<_>>();
    let mut quotes = end.into_iter().peekable();
    while let Some(at) = quotes.next() {
        // Two quotes in a row stand for one.
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return Some(quoted[..at].replace("\"\"", "\""));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_be_quoted() {
        let check = |line: &str, expected: Option<&str>| assert_eq!(first_field(line).as_deref(), expected, "{line}");
        check("a/b.py,sha256=x,1", Some("a/b.py"));
        check("../../../bin/pip", Some("../../../bin/pip"));
        check("\"a,b.py\",,", Some("a,b.py"));
        check("\"a\"\"b.py\",,", Some("a\"b.py"));
        check("\"a", None);
    }

    #[test]
    fn what_an_egg_requires_reads_like_what_a_wheel_requires() {
        let (requires, extras) =
            egg_requirements("six\n\n[:python_version < '3']\nenum34\n[tls:a == 'b']\nssl>=1\n[x]\ny\n");
        let expected =
            ["six", "enum34 ; python_version < '3'", "ssl>=1 ; (a == 'b') and extra == 'tls'", "y ; extra == 'x'"];
        assert_eq!((requires, extras), (expected.map(String::from).to_vec(), vec!["tls".to_owned(), "x".to_owned()]));
    }

    #[test]
    fn a_header_may_go_on_in_the_next_line() {
        let found = headers("Name: a\nRequires-Dist: b\n ; extra == 'c'\nnonsense\n");
        assert_eq!(found[1].1, "b ; extra == 'c'");
        assert_eq!(found.len(), 2);
    }
}
