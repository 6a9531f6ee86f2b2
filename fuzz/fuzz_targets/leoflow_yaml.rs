//! Any bytes as leoflow.yaml: a project, or faults that lie inside the file and say something.

#![no_main]

use std::sync::LazyLock;

use leoflow::project::{ConfigFault, LoadError, load};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static PROJECT: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a directory"));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(PROJECT.path().join("leoflow.yaml"), bytes).expect("written");
    match load(PROJECT.path()) {
        Ok(project) => project.config.warnings.iter().for_each(tells),
        Err(LoadError::Config(error)) => {
            assert!(!error.faults.is_empty());
            error.faults.iter().for_each(tells);
        }
        Err(other) => panic!("{other}"),
    }
});

/// A fault says what is wrong, and its place can be shown.
fn tells(fault: &ConfigFault) {
    assert!(!fault.message.is_empty());
    let range = &fault.span.range;
    assert!(fault.span.file.text.get(range.clone()).is_some(), "{range:?}: {}", fault.message);
    let (line, column) = fault.span.position();
    assert!(line >= 1 && column >= 1);
}
