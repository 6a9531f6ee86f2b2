//! The parent's side: starts the worker, feeds it, watches the clock, and makes sense of how it ended.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::project_files::IMAGE_ROOT;
use super::protocol::{Place, Report, Request};
use super::worker::WORKER_ARGUMENT;
use super::{Backend, cpython};

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
    Killed(Option<Place>),
    /// It died by itself; with what is known.
    Died(String, Option<Place>),
    /// It could not be started or did not speak as expected.
    Failed(String),
}

/// Runs one worker to its end.
pub(super) fn run(program: &Path, backend: &Backend, request: &Request) -> Ended {
    let mut child = match start(program, backend, request) {
        Ok(child) => child,
        Err(error) => return Ended::Failed(error.to_string()),
    };
    let Some(stderr) = child.stderr.take() else { return Ended::Failed("it has no pipes".to_owned()) };
    let stderr = collect(stderr, KEPT_STDERR);
    let conversation = converse(&mut child, backend, request);
    if let Conversation::Closed(_) = conversation {
        await_exit(&mut child);
    }
    // Whatever happened, no worker outlives this call.
    let _ = child.kill();
    let status = child.wait();
    let stderr = stderr.recv_timeout(GRACE).unwrap_or_default();
    let stderr = String::from_utf8_lossy(&stderr);
    match (conversation, status) {
        (Conversation::Overrun, _) => Ended::Killed(told_place(&stderr)),
        (Conversation::Failed(reason), _) => Ended::Failed(reason),
        (Conversation::Closed(stdout), Ok(status)) => judge(report(&stdout, backend), &stderr, status, request),
        (Conversation::Closed(_), Err(error)) => Ended::Failed(error.to_string()),
    }
}

/// A process that has closed its output is about to end; its exit status tells more than our kill would.
fn await_exit(child: &mut Child) {
    let patience = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn worker(program: &Path, backend: &Backend, request: &Request) -> Command {
    match backend {
        Backend::Embedded => {
            let mut command = Command::new(program);
            command.arg(WORKER_ARGUMENT);
            command
        }
        Backend::Host(python) => cpython::command(program, python, request),
    }
}

fn start(program: &Path, backend: &Backend, request: &Request) -> std::io::Result<Child> {
    worker(program, backend, request)
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
    Closed(Vec<u8>),
    Overrun,
    Failed(String),
}

fn converse(child: &mut Child, backend: &Backend, request: &Request) -> Conversation {
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Conversation::Failed("it has no pipes".to_owned());
    };
    let stdout = collect(stdout, LARGEST_REPORT);
    let asked = match backend {
        Backend::Embedded => serde_json::to_vec(request),
        Backend::Host(_) => serde_json::to_vec(&cpython::feed(request)),
    };
    // A worker that is gone already says why on its way out; a broken pipe adds nothing.
    let _ = asked.map_err(std::io::Error::from).and_then(|asked| stdin.write_all(&asked));
    drop(stdin);
    match stdout.recv_timeout(Duration::from_millis(request.wall_limit_ms) + GRACE) {
        Ok(stdout) => Conversation::Closed(stdout),
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

fn judge(report: serde_json::Result<Report>, stderr: &str, status: ExitStatus, request: &Request) -> Ended {
    match report {
        Ok(report) => return Ended::Answered(report),
        // The report is as deep as what dag.py declares, and JSON is read to a depth of 128.
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => {
            return Ended::Died("a value that it gives to a task is nested too deeply".to_owned(), None);
        }
        // Whoever reaches the stand-in's insides can make it report anything.
        Err(error) if error.is_data() => return Ended::Died(format!("what it reported is {error}"), None),
        Err(_) => {}
    }
    let place = told_place(stderr);
    match (last_words(stderr, request), status.signal()) {
        (Some(reason), _) => Ended::Died(reason, place),
        (None, Some(signal)) if signal == Signal::PROF.as_raw() => Ended::Killed(place),
        (None, Some(signal)) if signal == Signal::SEGV.as_raw() => Ended::Died(CRASHED.to_owned(), place),
        (None, Some(_)) => Ended::Died(format!("the system ended it, {status}"), place),
        (None, None) => Ended::Failed(format!("it ended with {status} and no report")),
    }
}

fn report(stdout: &[u8], backend: &Backend) -> serde_json::Result<Report> {
    if let Backend::Embedded = backend {
        return serde_json::from_slice(stdout);
    }
    let mut report: Value = serde_json::from_slice(stdout)?;
    cpython::with_our_floats(&mut report);
    serde_json::from_value(report)
}

const TOO_DEEP: &str = "it is nested too deeply";
const CRASHED: &str = "Python crashed, as it does on code that is nested too deeply";

/// What Rust's runtime, or CPython's, says on stderr before it aborts.
fn last_words(stderr: &str, request: &Request) -> Option<String> {
    if stderr.contains("memory allocation of") {
        return Some(format!("it used more than {} MiB of memory", request.memory_limit >> 20));
    }
    let too_deep = stderr.contains("overflowed its stack") || stderr.contains("stack overflow");
    too_deep.then(|| TOO_DEEP.to_owned())
}

/// The innermost line of the author's in what CPython's faulthandler wrote last.
fn told_place(stderr: &str) -> Option<Place> {
    let (_, frames) = stderr.rsplit_once("(most recent call first):")?;
    frames.lines().find_map(|frame| {
        let file = frame.trim_start().strip_prefix("File \"")?.strip_prefix(IMAGE_ROOT)?.strip_prefix('/')?;
        let (file, line) = file.split_once("\", line ")?;
        let line = line.split(' ').next()?.parse().ok()?;
        Some(Place { file: file.to_owned(), line, ..Place::default() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_fault_is_found_in_what_cpython_says() {
        let check = |stderr: &str, expected: Option<(&str, usize)>| {
            let found = told_place(stderr);
            assert_eq!(found.as_ref().map(|place| (place.file.as_str(), place.line)), expected, "{stderr}");
        };
        check("", None);
        check("Stack (most recent call first):\n  File \"<leoflow>\", line 3 in run\n", None);
        let two = "Current thread 0x1 (most recent call first):\n  File \"<leoflow airflow._dag>\", line 9 in f\n  \
                   File \"/home/leoflow/lib/a.py\", line 7 in g\n  File \"/home/leoflow/dag.py\", line 3 in <module>\n";
        check(two, Some(("lib/a.py", 7)));
    }
}
