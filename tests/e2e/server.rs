//! A child process that serves until it is dropped, and the lines it prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::programs;

/// How long a server may take to say what is expected of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it ends the process and waits for that.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Server {
    /// Starts a command so that it ends with this thread, even if the test is killed.
    pub(crate) fn start(name: &'static str, command: &Command) -> Self {
        let mut guarded = programs::command("setpriv");
        guarded.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(key, value),
                None => guarded.env_remove(key),
            };
        }
        guarded.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = guarded.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (sender, lines) = channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        Self { name, child, lines, seen: Vec::new() }
    }

    /// Returns the next line that holds `needle`.
    pub(crate) fn wait_for(&mut self, needle: &str) -> String {
        self.wait_for_any(&[needle])
    }

    /// Returns the next line that holds one of `needles`.
    pub(crate) fn wait_for_any(&mut self, needles: &[&str]) -> String {
        self.read_until(needles);
        self.seen.last().unwrap().clone()
    }

    /// Returns every new line up to the one that holds `needle`.
    pub(crate) fn lines_until(&mut self, needle: &str) -> Vec<String> {
        let from = self.seen.len();
        self.read_until(&[needle]);
        self.seen[from..].to_vec()
    }

    fn read_until(&mut self, needles: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{} did not say {needles:?}:\n{}", self.name, self.seen.join("\n"));
            };
            let found = needles.iter().any(|needle| line.contains(needle));
            self.seen.push(line);
            if found {
                return;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn forward(stream: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}
