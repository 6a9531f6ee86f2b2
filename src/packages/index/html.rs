//! An index's page in HTML (PEP 503), or any page with links, into the files it links to.

use std::collections::BTreeMap;

use html5gum::{StartTag, Token, Tokenizer};
use percent_encoding::percent_decode_str;
use url::Url;

use super::listed::Listed;

/// What distributions come in; other links of a page lead elsewhere.
const SUFFIXES: [&str; 8] = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".egg", ".exe"];

/// What a page holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The files that it links to.
    pub(super) files: Vec<Listed>,
    /// Whether it asks for something, or runs something: a list of files does neither.
    pub(super) is_for_people: bool,
}

type Attributes = BTreeMap<String, String>;

/// Reads a page that came from `url`.
pub(super) fn parse(text: &[u8], url: &Url) -> Page {
    let mut page = Page::default();
    let mut base = None;
    for Ok(token) in Tokenizer::new(text) {
        let Token::StartTag(tag) = token else { continue };
        let attributes = attributes(&tag);
        match tag.name.as_slice() {
            b"base" if base.is_none() => base = attributes.get("href").and_then(|href| url.join(href).ok()),
            b"a" => page.files.extend(listed(attributes, base.as_ref().unwrap_or(url))),
            b"form" | b"script" | b"input" => page.is_for_people = true,
            _ => {}
        }
    }
    page
}

fn attributes(tag: &StartTag<()>) -> Attributes {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn listed(mut attributes: Attributes, base: &Url) -> Option<Listed> {
    let url = base.join(attributes.get("href")?.trim()).ok()?;
    let last = url.path_segments()?.next_back()?;
    let filename = percent_decode_str(last).decode_utf8().ok()?.into_owned();
    if !SUFFIXES.iter().any(|suffix| filename.ends_with(suffix)) {
        return None;
    }
    let offered = attributes.remove("data-core-metadata").or_else(|| attributes.remove("data-dist-info-metadata"));
    Some(Listed {
        sha256: url.fragment().and_then(sha256),
        filename,
        url,
        size: None,
        requires_python: attributes.remove("data-requires-python"),
        yanked: attributes.remove("data-yanked"),
        metadata: offered.filter(|text| text != "false").map(|text| sha256(&text)),
        uploaded: None,
    })
}

/// Finds `sha256=…` in a fragment; other hashes prove nothing.
fn sha256(text: &str) -> Option<String> {
    text.split('&').find_map(|part| part.strip_prefix("sha256=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        parse(text.as_bytes(), &Url::parse("https://i.corp/simple/a/").unwrap())
    }

    #[test]
    fn links_to_files_are_found_with_what_is_said_of_them() {
        let found = page(
            "<!DOCTYPE html><body><h1>Links for a</h1><a href=\"/simple/\">up</a>
             <A HREF='../../f/a-1-py3-none-any.whl#sha256=00ff' data-requires-python='&gt;=3.8' data-yanked
                data-dist-info-metadata='sha256=11'>a-1</A>
             <a href=a-2%2Blocal.tar.gz#md5=aa data-yanked='broken' data-core-metadata='true'>a-2",
        );
        let [one, two] = &found.files[..] else { panic!("{found:?}") };
        assert_eq!(one.url.as_str(), "https://i.corp/f/a-1-py3-none-any.whl#sha256=00ff");
        assert_eq!((one.sha256.as_deref(), one.requires_python.as_deref()), (Some("00ff"), Some(">=3.8")));
        assert_eq!((one.yanked.as_deref(), &one.metadata), (Some(""), &Some(Some("11".to_owned()))));
        assert_eq!((&*two.filename, two.sha256.as_deref()), ("a-2+local.tar.gz", None));
        assert_eq!((two.yanked.as_deref(), &two.metadata), (Some("broken"), &Some(None)));
        assert!(!found.is_for_people);
    }

    #[test]
    fn links_are_relative_to_the_base() {
        let found = page("<base href='https://files.corp/x/'><base href='/y/'><a href='a-1.zip'>a</a>");
        assert_eq!(found.files[0].url.as_str(), "https://files.corp/x/a-1.zip");
    }

    #[test]
    fn pages_for_people_are_known() {
        assert!(page("<form><input type=password></form>").is_for_people);
        assert!(page("<div id=root></div><script src=app.js></script>").is_for_people);
        assert!(!page("<!-- <form> --> <p>Links").is_for_people);
    }
}
