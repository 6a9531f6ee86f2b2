//! Where a page's commands run: a home with copies of the example projects, and, when the page says so, two servers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::compare;
use super::page::Step;
use super::shell::leoflow_commands;
use crate::support::wheels::Wheel;
use crate::support::{Home, SandboxProcess, testdata};

/// What a page may use besides leoflow; other programs are skipped, since they need what a test has not.
const PROGRAMS: &[&str] = &["cat", "cd", "cp", "echo", "export", "git", "ls", "mkdir", "printf", "rm", "test", "touch"];
/// Stands between the outputs of two commands, before the exit code.
const END: &str = "\u{1e}";
/// Seconds that a block may take.
const PATIENCE: &str = "120";

pub struct Workspace {
    home: Home,
    directory: PathBuf,
    sandbox: Option<SandboxProcess>,
}

impl Workspace {
    pub fn new() -> Self {
        let home = Home::new();
        let projects = fs::read_dir(testdata("")).unwrap().map(|entry| entry.unwrap());
        for project in projects.filter(|entry| entry.file_type().unwrap().is_dir()) {
            home.project(&project.file_name().to_string_lossy());
        }
        fs::create_dir_all(home.path().join("testdata/projects")).unwrap();
        symlink("../../etl_sales", home.path().join("testdata/projects/etl_sales")).unwrap();
        fs::create_dir(home.path().join(".bin")).unwrap();
        fs::create_dir(home.path().join("wheels")).unwrap();
        fs::create_dir(home.path().join("dags")).unwrap();
        symlink(env!("CARGO_BIN_EXE_leoflow"), home.path().join(".bin/leoflow")).unwrap();
        let directory = home.path().to_owned();
        Self { home, directory, sandbox: None }
    }

    pub fn enter(&mut self, directory: &str) {
        self.directory = self.home.path().join(directory);
        fs::create_dir_all(&self.directory).unwrap();
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Starts the servers, logs in, and has the projects go there.
    pub fn start_sandbox(&mut self) {
        assert!(self.sandbox.is_none(), "the page has started one already");
        let sandbox = SandboxProcess::start(&self.home);
        let login = ["auth", "login", "--server", &sandbox.control_plane, "-u", "ada", "--password-stdin"];
        let mut command = self.home.leoflow();
        let mut child = command.args(login).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"secret\n").unwrap();
        assert!(child.wait().unwrap().success());
        for project in fs::read_dir(self.home.path()).unwrap() {
            let file = project.unwrap().path().join("leoflow.yaml");
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let mut text = text.replace("registry.example.com", &sandbox.registry);
            if !text.contains("\nregistry:") {
                text.push_str(&format!("registry:\n  url: {}\n", sandbox.registry));
            }
            fs::write(&file, format!("{text}base_image: {}\n", sandbox.base)).unwrap();
        }
        self.sandbox = Some(sandbox);
    }

    /// Puts a package where packages come from; behind its version stand its size, if it matters, and what it requires.
    pub fn offer(&self, name: &str, words: &str) {
        let mut words = words.split(' ').peekable();
        let wheel = Wheel::new(name, words.next().unwrap_or_default());
        let size = words.next_if(|word| word.ends_with("MiB"));
        let wheel = match size.and_then(|size| size.trim_end_matches("MiB").parse::<usize>().ok()) {
            Some(size) => wheel.file(&format!("{name}/data.bin"), noise(size << 20)),
            None => wheel,
        };
        let wheel = words.fold(wheel, Wheel::requires);
        let directory = self.home.path().join("wheels");
        fs::write(directory.join(wheel.filename()), wheel.build()).unwrap();
    }

    /// Runs what a page does not show.
    pub fn prepare(&self, command: &str) {
        let (outputs, rest) = self.shell(&[&self.filled(command)]);
        assert!(matches!(&outputs[..], [(_, 0)]), "`{command}`: {outputs:?} {rest}");
    }

    /// Runs a block; its last command ends with `code`, the others well.
    pub fn run(&self, place: &str, steps: &[Step], code: i32) {
        let steps: Vec<&Step> = steps.iter().filter(|step| runs(&step.command)).collect();
        if steps.is_empty() {
            return;
        }
        let commands: Vec<String> = steps.iter().map(|step| self.filled(&step.command)).collect();
        let (outputs, rest) = self.shell(&commands.iter().map(String::as_str).collect::<Vec<_>>());
        for (index, step) in steps.iter().enumerate() {
            let command = &step.command;
            let Some((printed, ended)) = outputs.get(index) else {
                panic!("{place}: `{command}` did not end:\n{rest}")
            };
            let expected = if index + 1 == steps.len() { code } else { 0 };
            assert_eq!(*ended, expected, "{place}: `{command}` ended so, and said:\n{printed}");
            let difference = compare::difference(&step.shown, printed);
            // A page may show a server of the reader's, where the sandbox stood in for it.
            let difference =
                difference.filter(|_| compare::difference(&step.shown, &self.disguised(printed)).is_some());
            if let Some(difference) = difference {
                panic!("{place}: `{command}`: {difference}");
            }
        }
    }

    /// What stands for the sandbox's addresses becomes these.
    fn filled(&self, command: &str) -> String {
        let command = command.replace("cargo run -- ", "leoflow ");
        let Some(sandbox) = &self.sandbox else { return command };
        let words = [
            ("https://leoflow.example.com", &sandbox.control_plane),
            (" URL", &format!(" {}", sandbox.control_plane)),
            (" ADDRESS", &format!(" {}", sandbox.registry)),
            (" REFERENCE", &format!(" {}", sandbox.base)),
            ("registry.example.com", &sandbox.registry),
            ("registry.inside.example", &sandbox.registry),
            ("ghcr.io/neochaotic/leoflow-runtime:py3.11", &sandbox.base),
            ("http://127.0.0.1:45685", &sandbox.control_plane),
            ("127.0.0.1:34375", &sandbox.registry),
        ];
        words.iter().fold(command, |command, (word, value)| command.replace(word, value))
    }

    /// The sandbox's addresses become those that it stands for.
    fn disguised(&self, printed: &str) -> String {
        let Some(sandbox) = &self.sandbox else { return printed.to_owned() };
        let printed = printed.replace(&sandbox.control_plane, "https://leoflow.example.com");
        printed.replace(&sandbox.registry, "registry.example.com")
    }

    /// Runs commands in one shell; returns what each printed and how it ended, and what came after.
    fn shell(&self, commands: &[&str]) -> (Vec<(String, i32)>, String) {
        let script: String = commands.iter().map(|command| format!("{command}\nprintf '{END}%s{END}' $?\n")).collect();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.home.path().join(".bin").display());
        let output = Command::new("timeout")
            .args([PATIENCE, "sh", "-c", &format!("exec 2>&1\n{script}")])
            .env_clear()
            .envs([("HOME", self.home.path().to_str().unwrap()), ("PATH", &path)])
            // Nothing leaves this machine.
            .envs([("HTTPS_PROXY", "http://127.0.0.1:9"), ("HTTP_PROXY", "http://127.0.0.1:9")])
            .envs([
                ("LEOFLOW_FIND_LINKS", self.home.path().join("wheels").to_str().unwrap()),
                ("LEOFLOW_NO_INDEX", "1"),
            ])
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Ada")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ada@example.com")))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap().replace(self.home.path().to_str().unwrap(), "/home/user");
        let mut parts = text.split(END);
        let mut outputs = Vec::new();
        while let (Some(printed), Some(code)) = (parts.next(), parts.next()) {
            outputs.push((printed.to_owned(), code.parse().unwrap()));
        }
        let rest = text.rsplit(END).next().unwrap_or_default().to_owned();
        (outputs, rest)
    }
}

/// Bytes that do not shrink (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length / 8).flat_map(next).collect()
}

fn runs(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or_default();
    PROGRAMS.contains(&first) || !leoflow_commands(command).is_empty()
}
