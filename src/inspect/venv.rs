//! Virtual environments (PEP 405): `pyvenv.cfg` beside the program, or above it.

use super::tree::Tree;

/// A virtual environment.
pub(super) struct Venv {
    /// Where it is.
    pub(super) prefix: String,
    /// Whether it finds what its base has installed.
    pub(super) sees_system: bool,
    /// The directory of its base's program.
    pub(super) home: Option<String>,
    /// The version of its base when it was made.
    pub(super) version: Option<String>,
}

impl Venv {
    /// Returns the environment of a program, if it is in one; links are not followed, as Python does not.
    pub(super) fn of(tree: &Tree, executable: &str) -> Option<Self> {
        let beside = executable.rsplit_once('/')?.0;
        let above = beside.rsplit_once('/').map(|(above, _)| above);
        [Some(beside), above].into_iter().flatten().find_map(|prefix| {
            let (_, kept) = tree.file(&format!("{prefix}/pyvenv.cfg"))?;
            Some(Self::parse(prefix, &kept.text))
        })
    }

    fn parse(prefix: &str, text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        // virtualenv writes `version_info = 3.11.9.final.0`.
        let version = value("version_info").or_else(|| value("version"));
        let numbers = |text: &str| text.split('.').take(3).collect::<Vec<_>>().join(".");
        Self {
            prefix: prefix.to_owned(),
            sees_system: value("include-system-site-packages").is_some_and(|text| text.eq_ignore_ascii_case("true")),
            home: value("home").map(str::to_owned),
            version: version.map(numbers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_says_whose_it_is() {
        let check = |text: &str, expected: (bool, Option<&str>, Option<&str>)| {
            let venv = Venv::parse("/opt/venv", text);
            assert_eq!((venv.sees_system, venv.home.as_deref(), venv.version.as_deref()), expected, "{text}");
        };
        let venv = "home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.11.9\n";
        check(venv, (false, Some("/usr/local/bin"), Some("3.11.9")));
        let virtualenv = "home=/usr/bin\nversion_info = 3.11.2.final.0\nInclude-System-Site-Packages=True";
        check(virtualenv, (true, Some("/usr/bin"), Some("3.11.2")));
        check("", (false, None, None));
    }
}
