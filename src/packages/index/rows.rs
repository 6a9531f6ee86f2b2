//! A page's files as lines of text: what is kept of a page, and read again a line at a time.
//!
//! The page of a large project lists thousands of files, of which one is taken: their names are looked at, and no more.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use url::Url;

use super::listed::{Listed, bare};

/// What a page in this form is called; one in another form has another name, and is not read.
pub(super) const MEDIA_TYPE: &str = "application/vnd.leoflow.files.v1";

/// The files of one page, as text.
#[derive(Debug)]
pub(super) struct Rows(String);

/// One file: what is looked at for every file, and the rest, which is read of the one that is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) filename: &'a str,
    /// Empty when nothing is said.
    pub(super) requires_python: &'a str,
    pub(super) is_yanked: bool,
    rest: &'a str,
}

/// What is read last, in JSON.
#[derive(Serialize, Deserialize)]
struct Rest {
    url: Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yanked: Option<String>,
    /// Empty where there is metadata whose digest is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uploaded: Option<String>,
}

impl Rows {
    /// Writes files down, each name once: of several files of one name the first is taken.
    pub(super) fn of(files: Vec<Listed>) -> Self {
        let mut seen = HashSet::new();
        let mut text = String::new();
        for file in files {
            // No distribution is called so, and here it would be another line.
            if !file.filename.contains(char::is_control) && seen.insert(file.filename.clone()) {
                write(&mut text, file);
            }
        }
        Self(text)
    }

    /// Reads what was kept.
    pub(super) fn kept(text: Vec<u8>) -> Option<Self> {
        String::from_utf8(text).ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns where each row begins.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> {
        self.0.split_inclusive('\n').scan(0, |end, line| Some(std::mem::replace(end, *end + line.len())))
    }

    /// Returns the row that begins at `start`.
    pub(super) fn row(&self, start: usize) -> Row<'_> {
        let line = self.0.get(start..).and_then(|text| text.lines().next()).unwrap_or_default();
        let mut fields = line.splitn(4, '\t');
        let mut next = || fields.next().unwrap_or_default();
        Row { filename: next(), requires_python: next(), is_yanked: !next().is_empty(), rest: next() }
    }
}

impl Row<'_> {
    /// Returns all that was said of the file.
    pub(super) fn listed(&self) -> Option<Listed> {
        let rest: Rest = serde_json::from_str(self.rest).ok()?;
        Some(Listed {
            filename: self.filename.to_owned(),
            url: rest.url,
            sha256: rest.sha256,
            size: rest.size,
            requires_python: Some(self.requires_python.to_owned()).filter(|text| !text.is_empty()),
            yanked: rest.yanked,
            metadata: rest.metadata.map(|digest| Some(digest).filter(|digest| !digest.is_empty())),
            uploaded: rest.uploaded,
        })
    }
}

fn write(text: &mut String, file: Listed) {
    let requires_python = file.requires_python.unwrap_or_default().replace(char::is_control, " ");
    let mark = if file.yanked.is_some() { "yanked" } else { "" };
    let rest = Rest {
        url: bare(file.url),
        sha256: file.sha256,
        size: file.size,
        yanked: file.yanked,
        metadata: file.metadata.map(Option::unwrap_or_default),
        uploaded: file.uploaded,
    };
    // Texts and a number: there is nothing that JSON cannot say.
    let rest = serde_json::to_string(&rest).unwrap_or_default();
    text.extend([&file.filename, "\t", requires_python.trim(), "\t", mark, "\t", &rest, "\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(filename: &str) -> Listed {
        Listed {
            filename: filename.to_owned(),
            url: "https://files.corp/a".parse().unwrap(),
            sha256: None,
            size: None,
            requires_python: None,
            yanked: None,
            metadata: None,
            uploaded: None,
        }
    }

    fn read(rows: &Rows) -> Vec<Listed> {
        rows.starts().map(|start| rows.row(start).listed().unwrap()).collect()
    }

    #[test]
    fn rows_say_what_the_page_said() {
        let full = Listed {
            sha256: Some("00ff".into()),
            size: Some(u64::MAX),
            requires_python: Some(">=3.8".into()),
            yanked: Some("tab\there\nand \"there\"".into()),
            metadata: Some(Some("11".into())),
            uploaded: Some("2024-01-01T00:00:00Z".into()),
            ..file("a-1-py3-none-any.whl")
        };
        let plain = Listed { yanked: Some(String::new()), metadata: Some(None), ..file("a-1.zip") };
        let all = || vec![file("a-2.zip"), plain.clone(), full.clone()];
        let rows = Rows::of(all());
        assert_eq!(read(&rows), all());
        let marks: Vec<bool> = rows.starts().map(|start| rows.row(start).is_yanked).collect();
        assert_eq!(marks, [false, true, true]);
        assert_eq!(read(&Rows::kept(rows.as_bytes().to_vec()).unwrap()), all());
        assert_eq!(read(&Rows::of(Vec::new())), []);
    }

    #[test]
    fn no_name_breaks_out_of_its_row() {
        let odd = Listed { requires_python: Some(">=3\n.8\t".into()), ..file("a-1.zip") };
        let rows = Rows::of(vec![odd, file("evil\n-1.zip"), file("evil\t-1.zip"), file("a-1.zip")]);
        let found = read(&rows);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].requires_python.as_deref(), Some(">=3 .8"));
    }

    #[test]
    fn what_is_no_row_is_no_file() {
        let rows = Rows::kept(b"a-1.zip\t\t\n\n\t\t\t{\n".to_vec()).unwrap();
        assert!(rows.starts().all(|start| rows.row(start).listed().is_none()));
        assert!(rows.row(1 << 40).filename.is_empty());
        assert!(Rows::kept(vec![0xff]).is_none());
    }
}
