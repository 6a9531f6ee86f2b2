//! The parent's side: starts the worker, feeds it, watches the clock, and makes sense of how it ended.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::protocol::{Report, Request};
use super::worker::WORKER_ARGUMENT;

/// How long past the wall limit the worker has to tell which line it was at; it needs a sixth of a second, and time to
/// start on a busy machine.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of a report; a DAG of a hundred thousand tasks is smaller.
const LARGEST_REPORT: u64 = 256 << 20;
/// Bytes of the worker's own last words.
const KEPT_STDERR: u64 = 64 << 10;

/// How a worker ended.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(Report),
    /// It was killed at the wall limit, inside one long native operation.
    Killed,
    /// It died by itself; with what is known.
    Died(String),
    /// It could not be started or did not speak as expected.
    Failed(String),
}

/// Runs one worker to its end.
pub(super) fn run(program: &Path, request: &Request) -> Ended {
    let mut child = match start(program) {
        Ok(child) => child,
        Err(error) => return Ended::Failed(error.to_string()),
    };
    let conversation = converse(&mut child, request);
    if let Conversation::Closed { .. } = conversation {
        await_exit(&mut child);
    }
    // Whatever happened, no worker outlives this call.
    let _ = child.kill();
    let status = child.wait();
    match (conversation, status) {
        (Conversation::Overrun, _) => Ended::Killed,
        (Conversation::Failed(reason), _) => Ended::Failed(reason),
        (Conversation::Closed { stdout, stderr }, Ok(status)) => judge(&stdout, &stderr, status, request),
        (Conversation::Closed { .. }, Err(error)) => Ended::Failed(error.to_string()),
    }
}

/// A process that has closed its output is about to end; its exit status tells more than our kill would.
fn await_exit(child: &mut Child) {
    let patience = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn start(program: &Path) -> std::io::Result<Child> {
    Command::new(program)
        .arg(WORKER_ARGUMENT)
        .env_clear()
        .current_dir("/")
        // Ctrl-C on a terminal is for the parent, which says what it means.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

enum Conversation {
    Closed { stdout: Vec<u8>, stderr: Vec<u8> },
    Overrun,
    Failed(String),
}

fn converse(child: &mut Child, request: &Request) -> Conversation {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Conversation::Failed("it has no pipes".to_owned());
    };
    let (stdout, stderr) = (collect(stdout, LARGEST_REPORT), collect(stderr, KEPT_STDERR));
    // A worker that is gone already says why on its way out; a broken pipe adds nothing.
    let _ = serde_json::to_writer(&mut stdin, request).map_err(std::io::Error::from).and_then(|()| stdin.flush());
    drop(stdin);
    match stdout.recv_timeout(Duration::from_millis(request.wall_limit_ms) + GRACE) {
        Ok(stdout) => Conversation::Closed { stdout, stderr: stderr.recv_timeout(GRACE).unwrap_or_default() },
        Err(RecvTimeoutError::Timeout) => Conversation::Overrun,
        Err(RecvTimeoutError::Disconnected) => Conversation::Failed("its output cannot be read".to_owned()),
    }
}

/// Reads a pipe to its end on a thread of its own and keeps the first `most` bytes.
fn collect(pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    // Without a thread (a limit on processes) the sender is gone, and the receiver says so.
    let _ = std::thread::Builder::new().spawn(move || {
        let mut kept = Vec::new();
        let _ = pipe.take(most).read_to_end(&mut kept);
        let _ = sender.send(kept);
    });
    receiver
}

fn judge(stdout: &[u8], stderr: &[u8], status: ExitStatus, request: &Request) -> Ended {
    match serde_json::from_slice(stdout) {
        Ok(report) => return Ended::Answered(report),
        // The report is as deep as what dag.py declares, and JSON is read to a depth of 128.
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => {
            return Ended::Died("a value that it gives to a task is nested too deeply".to_owned());
        }
        Err(_) => {}
    }
    match (last_words(stderr, request), status.code()) {
        (Some(reason), _) => Ended::Died(reason),
        (None, None) => Ended::Died(format!("the system ended it, {status}")),
        (None, Some(_)) => Ended::Failed(format!("it ended with {status} and no report")),
    }
}

/// What Rust's runtime says on stderr before it aborts.
fn last_words(stderr: &[u8], request: &Request) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    if text.contains("memory allocation of") {
        return Some(format!("it used more than {} MiB of memory", request.memory_limit >> 20));
    }
    text.contains("overflowed its stack").then(|| "it is nested too deeply".to_owned())
}
