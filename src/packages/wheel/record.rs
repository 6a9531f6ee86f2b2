//! `RECORD`: which files a distribution has, with their hashes (PyPA specification "Recording installed projects").

use std::collections::BTreeMap;

/// The hashes that a wheel's RECORD has of its files, by name: `sha256=` and the hash in URL-safe base64.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<String, String>);

impl Record {
    /// Reads a RECORD; of lines that say nothing of a hash, nothing is remembered.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let rows = text.lines().map(fields).filter_map(|fields| match &fields[..] {
            [path, hash, ..] if !hash.is_empty() => Some((path.clone(), hash.clone())),
            _ => None,
        });
        Self(rows.collect())
    }

    /// Returns the hash of a file, as written.
    #[must_use]
    pub fn hash(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

/// Cuts a line of comma-separated values into its fields (RFC 4180); quotes that are not closed close at the end.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => push(&mut fields, '"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => push(&mut fields, letter),
        }
    }
    fields
}

fn push(fields: &mut [String], letter: char) {
    if let Some(last) = fields.last_mut() {
        last.push(letter);
    }
}

/// Writes a field so that [`fields`] reads it.
#[must_use]
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_fields_as_python_s_csv_reads_them() {
        for (line, expected) in [
            ("a/b.py,sha256=x,12", &["a/b.py", "sha256=x", "12"][..]),
            ("\"a,b \"\"c\"\".py\",,", &["a,b \"c\".py", "", ""]),
            ("alone", &["alone"]),
            ("", &[""]),
            ("\"open,x", &["open,x"]),
        ] {
            assert_eq!(fields(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for field in ["a.py", "a,b.py", "say \"hi\".py", ""] {
            assert_eq!(fields(&quoted(field)), [field]);
        }
    }

    #[test]
    fn a_record_is_crlf_or_not() {
        let record = Record::parse("a.py,sha256=x,1\r\nb.py,,\r\nx.dist-info/RECORD,,\r\n");
        assert_eq!((record.hash("a.py"), record.hash("b.py")), (Some("sha256=x"), None));
    }
}
