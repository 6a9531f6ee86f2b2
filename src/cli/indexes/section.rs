//! `packages:` of `~/.leoflow/config.yaml`.

use std::path::Path;
use std::sync::Arc;

use super::{IndexSettings, check_index};
use crate::cli::registries::refused;
use crate::cli::report::Failure;
use crate::code::Code;
use crate::project::{Field, read_key};
use crate::source::SourceFile;

/// Reads `packages:` of the settings in `file`, whose text is `text`.
///
/// # Errors
/// With everything that means nothing, by line; the lines themselves are not repeated, since a token may be near.
pub(in crate::cli) fn read(file: &Path, text: String) -> Result<IndexSettings, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text });
    let directory = file.parent().unwrap_or(Path::new("."));
    let found = read_key(&source, "packages", |field| section(field, directory).unwrap_or_default());
    found.map(Option::unwrap_or_default).map_err(|faults| refused(file, &faults))
}

fn section(field: &Field<'_>, directory: &Path) -> Option<IndexSettings> {
    let mut keys = field.section()?;
    let mut list = |key, rule: fn(&Field<'_>) -> Option<String>| {
        keys.get(key).map(|field| field.items().iter().filter_map(rule).collect::<Vec<_>>())
    };
    let extra_index_url = list("extra-index-url", index);
    let (find_links, trusted_host) = (list("find-links", text), list("trusted-host", text));
    let settings = IndexSettings {
        index_url: keys.get("index-url").and_then(|field| index(&field)),
        extra_index_url,
        find_links: find_links.map(|links| links.iter().map(|text| beside(text, directory)).collect()),
        no_index: keys.get("no-index").and_then(|field| field.bool()),
        trusted_host,
        authorities: None,
    };
    keys.end();
    Some(settings)
}

fn text(field: &Field<'_>) -> Option<String> {
    field.string()
}

fn index(field: &Field<'_>) -> Option<String> {
    let text = field.string()?;
    let checked = check_index(&text);
    let help = "write it like `https://pypi.example.com/simple/`".to_owned();
    checked.map_err(|fault| field.fault(Code::BAD_TEXT, format!("means nothing: {fault}"), help)).ok().map(|()| text)
}

/// Paths are relative to the file that they stand in.
fn beside(text: &str, directory: &Path) -> String {
    let is_path = !text.contains("://") && !text.starts_with("~/");
    if is_path { directory.join(text).display().to_string() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_with_their_paths() {
        let text = "server_url: x\npackages:\n  index-url: https://a/simple\n  extra-index-url: [https://b/]\n  \
                    find-links: [wheels, /w]\n  no-index: false\n  trusted-host: [c]\n";
        let found = read(Path::new("/h/.leoflow/config.yaml"), text.to_owned()).unwrap_or_else(|_| panic!());
        assert_eq!(found.find_links, Some(vec!["/h/.leoflow/wheels".into(), "/w".into()]));
        assert_eq!((found.no_index, found.index_url.as_deref()), (Some(false), Some("https://a/simple")));
        assert_eq!(found.extra_index_url, Some(vec!["https://b/".into()]));
        for wrong in ["index: x", "index-url: pypi.corp/simple", "extra-index-url: [\"ftp://h/\"]", "no-index: perhaps"]
        {
            let refused = read(Path::new("/c"), format!("packages:\n  {wrong}\n")).expect_err(wrong);
            let message = &refused.reports[0].message;
            assert!(message.starts_with("`/c`, line 2, column "), "{message}");
        }
    }
}
