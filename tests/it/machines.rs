//! What programs read: results and their schemas, events, GitHub, GitLab, exit codes, and the pages about them.

mod events;
mod exits;
mod github;
mod gitlab;
mod page;
mod results;

use std::fs;
use std::path::PathBuf;

use crate::support::{Home, Ran, SandboxProcess};

/// A project and a place to deploy it to.
struct Bench {
    home: Home,
    sandbox: SandboxProcess,
}

impl Bench {
    fn new() -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let sandbox = SandboxProcess::start(&home);
        Self { home, sandbox }
    }

    /// Runs a command of these words, with further arguments and variables.
    fn run(&self, words: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.home.leoflow();
        command.args(words.split_whitespace()).args(arguments).envs(variables.iter().copied());
        Ran::of(command.output().unwrap())
    }

    /// Deploys to the sandbox.
    fn deploy(&self, words: &str, variables: &[(&str, &str)]) -> Ran {
        self.run(&format!("deploy {words}"), &self.sandbox.arguments(), variables)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces what differs from run to run: addresses, digests, times, sizes of compressed bytes.
    fn masked(&self, text: &str) -> String {
        let home = self.home.path().to_string_lossy();
        let really = self.home.path().canonicalize().unwrap();
        let text = text.replace(&*really.to_string_lossy(), "HOME").replace(&*home, "HOME");
        let text = text.replace(&self.sandbox.control_plane, "SERVER").replace(&self.sandbox.registry, "REGISTRY");
        let masks = [
            (r"sha256:[0-9a-f]{64}", "sha256:DIGEST"),
            (r"\b[0-9a-f]{64}\b", "HASH"),
            (r"\b[0-9a-f]{12}\b", "DIGEST"),
            (r"version ([0-9a-f]{7})\b", "version VERSION"),
            (r#"("version":|^version=|RESULT_VERSION=)"?[0-9a-f]{7}\b"?"#, "${1}VERSION"),
            (r"<code>[0-9a-f]{7}</code>", "<code>VERSION</code>"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME"),
            (r#""seconds":[0-9.]+"#, r#""seconds":N"#),
            (r"section_(start|end):\d+", "section_${1}:TIME"),
        ];
        masks.iter().fold(text, |text, (pattern, mask)| {
            let pattern = regex::Regex::new(&format!("(?m){pattern}")).unwrap();
            pattern.replace_all(&text, *mask).into_owned()
        })
    }
}
