//! What the parser says of broken YAML, in plain words and with a place that one can look at.

use std::ops::Range;

/// One thing that the parser says, and what that means for whoever wrote the file.
struct Explained {
    /// A part of the parser's message.
    said: &'static str,
    message: &'static str,
    help: &'static str,
}

const EXPLAINED: &[Explained] = &[
    Explained { said: "tab", message: "a tab cannot indent YAML", help: "indent with spaces" },
    Explained {
        said: "mapping values are not allowed",
        message: "a second `: ` on one line, or a key below a line that is not its parent",
        help: "put quotes around a value that holds `: `; line the key up with the ones above it",
    },
    Explained {
        said: "simple key expect",
        message: "a key without a `:`",
        help: "write `key: value`; a list item starts with `- `",
    },
    Explained {
        said: "did not find expected ',' or '}'",
        message: "a `{` that is not closed, or a missing comma in it",
        help: "write `{key: value, key: value}`",
    },
    Explained {
        said: "expected ',' or ']'",
        message: "a `[` that is not closed, or a missing comma in it",
        help: "write `[one, two]`",
    },
    Explained {
        said: "illegal placement of ':'",
        message: "a bracket above is not closed, or a `:` that cannot stand here",
        help: "write `[one, two]` or `{key: value}`, with both brackets",
    },
    Explained {
        said: "misplaced bracket",
        message: "a bracket that closes nothing",
        help: "remove it, or put quotes around the text",
    },
    Explained {
        said: "unexpected end of stream",
        message: "a quote that is not closed before the file ends",
        help: "close the quote that was opened here",
    },
    Explained {
        said: "trailing content after double-quoted",
        message: "text after a closing quote",
        help: r#"write `\"` for a quote inside double quotes"#,
    },
    Explained {
        said: "unknown escape character",
        message: "an escape that YAML does not know",
        help: r"write `\\` for a backslash, or use single quotes",
    },
    Explained {
        said: "did not find expected key",
        message: "neither a key nor the end of the mapping",
        help: "line it up with the keys above; write `key: value`, and quotes around text that starts with a special sign",
    },
    Explained {
        said: "did not find expected '-'",
        message: "neither a list item nor the end of the list",
        help: "line it up with the `- ` items above",
    },
    Explained {
        said: "block sequence entries are not allowed",
        message: "a list item (`- `) cannot stand here",
        help: "begin the list on the next line, each item on a line of its own",
    },
    Explained {
        said: "unexpected character",
        message: "a character that cannot start a value",
        help: "put quotes around the value",
    },
    Explained {
        said: "unknown anchor",
        message: "an alias (`*name`) for which there is no anchor (`&name`)",
        help: "put quotes around a value that starts with `*`",
    },
    Explained {
        said: "anchor or alias",
        message: "`*` or `&` without a name",
        help: "put quotes around a value that starts with `*` or `&`",
    },
    Explained {
        said: "did not find expected node content",
        message: "a value is missing here, or a bracket above is not closed",
        help: "write `[one, two]` or `{key: value}`, with both brackets",
    },
    Explained {
        said: "indentation in quoted scalar",
        message: "a quote that is not closed on its line",
        help: "close the quote that was opened here",
    },
    Explained {
        said: "invalid indentation",
        message: "an indentation that fits nothing above",
        help: "line it up with the keys above",
    },
    Explained { said: "recursion limit", message: "brackets nest too deep", help: "nest less" },
    Explained {
        said: "unprintable",
        message: "a control character, which YAML does not allow",
        help: "remove it, or write it as an escape in double quotes",
    },
];

/// Returns the bytes to mark, what is wrong with them, and what to do.
pub(super) fn explain(text: &str, at: usize, said: &str) -> (Range<usize>, String, Option<String>) {
    let range = visible(text, at);
    match EXPLAINED.iter().find(|explained| said.contains(explained.said)) {
        Some(explained) => (range, format!("not YAML: {}", explained.message), Some(explained.help.to_owned())),
        None => {
            (range, format!("not YAML: {said}"), Some("check the brackets, quotes and indentation here".to_owned()))
        }
    }
}

/// A fault at a line's end or past the text is shown at the last character before it.
fn visible(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let next = text[at..].chars().next();
    match next {
        Some(character) if !matches!(character, '\n' | '\r') => at..at + character.len_utf8(),
        _ => {
            let end = text[..at].trim_end().len();
            let start = text[..end].char_indices().next_back().map_or(end, |(start, _)| start);
            start..end
        }
    }
}
