//! Any text as dag.py, in the embedded interpreter: a result or a fault, never a panic of ours.
//!
//! It runs in this process, not in a worker, so that coverage is seen; endless loops are interrupted after a second.

#![no_main]

use std::sync::{LazyLock, Once};
use std::time::Duration;

use leoflow::python::execute_in_this_process;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static PROJECT: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a directory"));

static PANICS: Once = Once::new();

/// A panic inside the interpreter is caught by the worker, which tells the author's line; one of ours is a finding.
fn only_our_panics() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let theirs = panic.location().is_some_and(|at| at.file().contains("/registry/src/"));
        if !theirs {
            abort(panic);
        }
    }));
}

fuzz_target!(|source: &str| {
    PANICS.call_once(only_our_panics);
    std::fs::write(PROJECT.path().join("dag.py"), source).expect("written");
    execute_in_this_process(PROJECT.path(), "dag.py", Duration::from_secs(1));
});
