//! A netrc file's text in, who we are to which host out.

use super::credentials::Login;
use crate::secret::Secret;

/// Reads `machine HOST login USER password PASSWORD`, in any order and over any lines; macros and `default` are passed
/// over, and so is what cannot be understood: the file is other programs' as well.
pub(super) fn parse(text: &str) -> Vec<(String, Login)> {
    let mut found = Vec::new();
    let mut machine: Option<(String, Login)> = None;
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" => {
                found.extend(machine.take());
                if word == "machine" {
                    machine = words.next().map(|host| (host, Login { user: String::new(), password: Secret::new("") }));
                }
            }
            "login" | "user" => set(&mut machine, words.next(), |login, user| login.user = user),
            "password" => set(&mut machine, words.next(), |login, text| login.password = Secret::new(text)),
            "account" => drop(words.next()),
            _ => {}
        }
    }
    found.extend(machine);
    found
}

fn set(machine: &mut Option<(String, Login)>, value: Option<String>, put: impl Fn(&mut Login, String)) {
    if let (Some((_, login)), Some(value)) = (machine, value) {
        put(login, value);
    }
}

/// Returns the words of all lines: a `#` at a word's beginning starts a comment, unless the word is a value, and a word may
/// be in quotes. A macro goes up to the next empty line.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let is_value =
                found.last().is_some_and(|word| matches!(&**word, "login" | "user" | "password" | "account"));
            if rest.starts_with('#') && !is_value {
                break;
            }
            let (word, after) = word(rest);
            if word == "macdef" && !is_value {
                lines.by_ref().find(|line| line.trim().is_empty());
                break;
            }
            found.push(word);
            rest = after.trim_start();
        }
    }
    found
}

/// Splits off the first word.
fn word(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut word = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (word, &quoted[at + 1..]),
            '\\' => word.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_have_users_and_passwords() {
        for (text, expected) in [
            ("machine a login u password p", vec![("a", "u", "p")]),
            ("# c\nmachine a\n  login u\n  password p#1 # c\n", vec![("a", "u", "p#1")]),
            ("machine a password \"p \\\" q\" login u account x", vec![("a", "u", "p \" q")]),
            ("machine a login u password #p\nmachine b login v password q", vec![("a", "u", "#p"), ("b", "v", "q")]),
            ("default login u password p", vec![]),
            ("macdef init\nmachine x login y\n\nmachine a login u password p", vec![("a", "u", "p")]),
            ("machine", vec![]),
            ("login u password \"p", vec![]),
            ("machine a login", vec![("a", "", "")]),
        ] {
            let found = parse(text);
            let found: Vec<_> = found.iter().map(|(host, l)| (&**host, &*l.user, l.password.expose())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
