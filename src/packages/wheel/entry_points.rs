//! `entry_points.txt`, as far as it asks for scripts (PyPA specification "Entry points").

use std::collections::BTreeMap;

/// What a script calls: `MODULE:ATTRIBUTE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    /// `pip._internal.cli.main`
    pub module: String,
    /// `main`, or `Class.method`
    pub attribute: String,
}

/// Reads `console_scripts` and `gui_scripts`, which differ on Windows alone; of two of one name, the last counts.
///
/// # Errors
/// When a script has no name that a file can have, or calls nothing that can be called.
pub fn scripts(text: &str) -> Result<BTreeMap<String, EntryPoint>, String> {
    let mut scripts = BTreeMap::new();
    for section in ["console_scripts", "gui_scripts"] {
        for (name, value) in section_of(text, section) {
            check_name(name)?;
            let point =
                entry_point(value).ok_or_else(|| format!("the script `{name}` calls no function: `{value}`"))?;
            scripts.insert(name.to_owned(), point);
        }
    }
    Ok(scripts)
}

fn section_of<'a>(text: &'a str, wanted: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut section = "";
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
            return None;
        }
        let (name, value) = line.split_once('=')?;
        (section == wanted).then(|| (name.trim(), value.trim()))
    })
}

/// A name becomes a file of the directory of scripts, and of no other.
fn check_name(name: &str) -> Result<(), String> {
    let is_file = !name.is_empty() && !matches!(name, "." | "..") && !name.starts_with(".wh.");
    let is_plain = !name.contains(['/', '\\']) && !name.chars().any(char::is_control);
    if is_file && is_plain { Ok(()) } else { Err(format!("`{}` is no name for a script", name.escape_debug())) }
}

/// Extras behind it say what the script needs besides; nothing of it shows in the script.
fn entry_point(value: &str) -> Option<EntryPoint> {
    let call = value.split_once('[').map_or(value, |(call, _)| call);
    let (module, attribute) = call.split_once(':')?;
    let (module, attribute) = (dotted(module.trim())?, dotted(attribute.trim())?);
    Some(EntryPoint { module, attribute })
}

/// Takes a dotted name: it is going to stand in Python code.
fn dotted(name: &str) -> Option<String> {
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    name.split('.').all(is_word).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_come_from_two_sections() {
        let text = "# comment\n[console_scripts]\nb = pkg.cli:main\na=pkg:App.run [extra1, extra2]\n\n\
                    [other]\nc = pkg:no\n[gui_scripts]\nwindow = pkg.gui : main\n";
        let scripts = scripts(text).unwrap();
        let found: Vec<_> = scripts
            .iter()
            .map(|(name, point)| (name.as_str(), point.module.as_str(), point.attribute.as_str()))
            .collect();
        assert_eq!(found, [("a", "pkg", "App.run"), ("b", "pkg.cli", "main"), ("window", "pkg.gui", "main")]);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        for line in
            ["../x = a:b", "a/b = a:b", ". = a:b", ".wh.x = a:b", "= a:b", "x = a", "x = a:", "x = a:b;c", "x ="]
        {
            assert!(scripts(&format!("[console_scripts]\n{line}\n")).is_err(), "{line}");
        }
        assert_eq!(scripts("x = a:b\n"), Ok(BTreeMap::new()));
    }
}
