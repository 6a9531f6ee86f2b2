//! The worker's work without its process, for `fuzz/`: coverage is only seen in the process that is fuzzed.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustpython_vm::signal::{UserSignalSender, user_signal_channel};

use super::host::Host;
use super::project_files::ProjectFiles;
use super::protocol::{Outcome, Request};
use super::{limits, worker};

/// Executes a file of a project here and returns whether the interpreter itself coped; nothing bounds its memory.
pub fn execute_in_this_process(root: &Path, dag_source: &str, wall_limit: Duration) -> bool {
    let request = Request {
        root: root.to_string_lossy().into_owned(),
        dag_source: dag_source.to_owned(),
        packages: Vec::new(),
        parent: std::process::id(),
        wall_limit_ms: u64::try_from(wall_limit.as_millis()).unwrap_or(u64::MAX),
        memory_limit: u64::MAX,
        traced: false,
        again: false,
        scan: false,
    };
    let work = std::thread::Builder::new().stack_size(limits::STACK).spawn(move || outcome(&request, wall_limit));
    matches!(work.map(std::thread::JoinHandle::join), Ok(Ok(Outcome::Declared(_) | Outcome::Fault(_))))
}

fn outcome(request: &Request, wall_limit: Duration) -> Outcome {
    let (alarm, receiver) = user_signal_channel();
    let host = Host::shared(ProjectFiles::new(request.root.clone().into()), Arc::new(Mutex::new(None)));
    let interpreter = worker::interpreter(receiver, false);
    std::thread::spawn(move || interrupt_after(wall_limit, &alarm));
    worker::in_interpreter(&interpreter, request, &host)
}

fn interrupt_after(wall_limit: Duration, alarm: &UserSignalSender) {
    std::thread::sleep(wall_limit);
    let _ = alarm.send(Box::new(|vm| Err(vm.new_exception_empty(vm.ctx.exceptions.keyboard_interrupt.to_owned()))));
}
