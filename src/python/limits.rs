//! What the system holds the worker to, whatever the interpreter does.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Bytes of stack for the interpreter: 1000 Python frames and the parser's deepest nesting need less.
pub(super) const STACK: usize = 64 << 20;
/// CPU time past the wall limit before the system itself ends the worker.
const CPU_GRACE: Duration = Duration::from_secs(2);
/// File descriptors: three pipes, and the one file being read.
const OPEN_FILES: u64 = 16;

/// Takes away what the worker has no use for: memory past `memory_limit` bytes, CPU time past the wall limit, written
/// files, core dumps, and (except for root) threads and processes. A limit that the system lacks is left out.
pub(super) fn apply(wall_limit: Duration, memory_limit: u64) {
    lower(Resource::As, memory_limit);
    lower(Resource::Cpu, (wall_limit + CPU_GRACE).as_secs().max(1));
    lower(Resource::Nofile, OPEN_FILES);
    lower(Resource::Fsize, 0);
    lower(Resource::Core, 0);
    lower(Resource::Nproc, 0);
}

/// Gives the main thread of what is executed next as much stack as the interpreter's own thread has here.
pub(super) fn deepen_stack() {
    let current = getrlimit(Resource::Stack);
    let reachable = current.maximum.is_none_or(|maximum| maximum >= STACK as u64);
    if reachable && current.current.is_some_and(|limit| limit < STACK as u64) {
        let _ = setrlimit(Resource::Stack, Rlimit { current: Some(STACK as u64), maximum: current.maximum });
    }
}

/// Ends the worker with its parent, however that ends. A system without it (macOS) has the limits above.
pub(super) fn end_with_parent() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Tells whether `parent` ended before [`end_with_parent`] was called: no signal comes for what is over.
pub(super) fn is_orphan_of(parent: u32) -> bool {
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    now != i32::try_from(parent).ok()
}

fn lower(resource: Resource, limit: u64) {
    let limit = Some(limit);
    // macOS knows RLIMIT_AS but refuses to set it below what is mapped; the wall limit still ends such a run.
    let _ = setrlimit(resource, Rlimit { current: limit, maximum: limit });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_has_another_parent_than_it_was_told() {
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
        assert!(!is_orphan_of(parent.unwrap_or_default()));
        assert!(is_orphan_of(std::process::id()));
    }
}
