//! What a page shows against what was printed, loosely: digests, numbers, ports and directories are another each time.

use serde_json::Value;

/// Returns what of the page is not so.
pub fn difference(shown: &[String], printed: &str) -> Option<String> {
    let text = shown.join("\n");
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match (serde_json::from_str::<Value>(text), json_in(printed)) {
        (Ok(shown), Some(printed)) => shape("", &shown, &printed),
        _ => lines(text, printed),
    }
}

/// The object that was printed, among lines for people.
fn json_in(printed: &str) -> Option<Value> {
    let start = printed.find("\n{\n").map_or(0, |at| at + 1);
    let text = &printed[start..];
    let end = text.find("\n}\n").map_or(text.len(), |at| at + 3);
    serde_json::from_str(text.get(..end)?).ok()
}

/// Every key that is shown is there, with a value of the same kind; of lists, the first entry counts.
fn shape(path: &str, shown: &Value, printed: &Value) -> Option<String> {
    match (shown, printed) {
        (Value::Object(shown), Value::Object(printed)) => shown.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match printed.get(key) {
                Some(found) => shape(&path, value, found),
                // Keys that are names of hosts.
                None if key.contains(':') => None,
                None => Some(format!("`{path}` is shown, and is not there")),
            }
        }),
        (Value::Array(shown), Value::Array(printed)) => match (shown.first(), printed.first()) {
            (Some(shown), Some(printed)) => shape(&format!("{path}[0]"), shown, printed),
            _ => None,
        },
        (Value::Null, _) | (_, Value::Null) => None,
        (shown, printed) if std::mem::discriminant(shown) == std::mem::discriminant(printed) => None,
        (shown, printed) => Some(format!("`{path}` is shown as {shown}, and is {printed}")),
    }
}

/// Every line that is shown was printed, in this order; `…` stands for anything.
fn lines(shown: &str, printed: &str) -> Option<String> {
    let mut printed_lines = printed.lines().map(masked);
    for line in shown.lines().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
        let parts = masked(line);
        if !printed_lines.any(|printed| matches(&parts, &printed)) {
            return Some(format!("this line is shown, and was not printed there:\n{line}\nprinted was:\n{printed}"));
        }
    }
    None
}

fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('…').collect();
    let [first, .., last] = &parts[..] else { return pattern == text };
    let mut rest = match text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) {
        Some(rest) => rest,
        None => return false,
    };
    for part in &parts[1..parts.len() - 1] {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Digests and versions made of them become `h`, numbers `0`, runs of blanks one.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    let word = |c: char| c.is_ascii_alphanumeric();
    let mut rest = line.trim();
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
        if end == 0 {
            let end = c.len_utf8();
            if !(c.is_whitespace() && masked.ends_with(' ')) {
                masked.push(if c.is_whitespace() { ' ' } else { c });
            }
            rest = &rest[end..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        masked.push_str(&masked_word(word));
        rest = after;
    }
    // `1.5 KiB` and `892 B`, `1 file` and `2 files`.
    masked.replace("0.0", "0")
}

fn masked_word(word: &str) -> String {
    let hex = word.len() >= 7 && word.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    if hex && word.chars().any(|c| c.is_ascii_digit()) {
        return "h".to_owned();
    }
    let mut masked = String::new();
    for c in word.chars() {
        match c {
            '0'..='9' if masked.ends_with('0') => {}
            '0'..='9' => masked.push('0'),
            c => masked.push(c),
        }
    }
    match &*masked {
        "B" | "KiB" | "MiB" | "GiB" => "B".to_owned(),
        "ms" | "s" => "s".to_owned(),
        _ => masked,
    }
}

#[test]
fn what_changes_each_time_does_not_matter_and_all_else_does() {
    let check = |shown: &str, printed: &str, same: bool| {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        let difference = difference(&shown, printed);
        assert_eq!(difference.is_none(), same, "{difference:?}");
    };
    check("image 127.0.0.1:44191/x@sha256:50f88438c61f", "image 127.0.0.1:1/x@sha256:1234567890ab", true);
    check("Pushed  2 blobs (2.77 KiB)", "   Pushed  11 blobs (992 B)", true);
    check("Pushed  2 blobs", "Sent  2 blobs", false);
    check("a\nb", "a\nx\nb", true);
    check("b\na", "a\nb", false);
    check("a…z", "a b z", true);
    check("a…z", "a b", false);
    check("{\"a\": 1, \"b\": null}", "{\n\"a\": 2, \"b\": 3, \"c\": 4\n}\n", true);
    check("{\"a\": 1}", "{\n\"a\": \"x\"\n}\n", false);
    check("{\"a\": [{\"b\": 1}]}", "told\n{\n\"a\": [{\"c\": 1}]\n}\n", false);
}
