//! What is special to a CPython of the machine: which ones are taken, what its audit hook holds back, and the limits.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use leoflow::python::{Backend, Interpreter, PythonError};

use super::on_host;
use crate::compile::{describe_error, place, project};

#[test]
fn what_is_no_suitable_python_is_told_as_what_it_is() {
    let check = |says: &str, reason: &str| {
        let directory = project(&[("dag.py", ""), ("python", &format!("#!/bin/sh\n{says}\nexit 1\n"))]);
        let python = directory.path().join("python");
        std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("executable");
        let interpreter = Interpreter { backend: Backend::Host(python.clone()), ..on_host() };
        let error = interpreter.execute(directory.path(), "dag.py").expect_err("no Python");
        assert_eq!(error.to_string(), format!("cannot execute dag.py with `{}`: {reason}", python.display()));
        assert!(error.help().is_some_and(|help| help.contains("3.10 or newer")), "{says}");
    };
    check("echo Python 2.7.18 >&2", "it is Python 2.7.18, and 3.10 is the oldest that works");
    check("echo Python 3.9.18", "it is Python 3.9.18, and 3.10 is the oldest that works");
    check(
        "echo 'Python 3.10.13'; echo '[PyPy 7.3.15]'",
        "it is `Python 3.10.13 [PyPy 7.3.15]`, and only CPython works",
    );
    check("echo something else", "it is no Python: `--version` says `something else`");
    check("echo Python 3.12.1", "it ended with exit status: 1 and no report");
    let missing = Interpreter { backend: Backend::Host("/nonexistent/python".into()), ..on_host() };
    let error = missing.execute(project(&[("dag.py", "")]).path(), "dag.py").expect_err("nothing");
    assert!(error.to_string().contains("No such file or directory"), "{error}");
}

#[test]
fn what_goes_around_the_stand_in_is_refused_by_the_audit_hook() {
    let check = |attempt: &str, message: &str| {
        let source = format!("import importlib._bootstrap_external as inside\n{attempt}\n");
        let error = on_host().execute(project(&[("dag.py", &source)]).path(), "dag.py").expect_err(attempt);
        assert_eq!(describe_error(&error, 0).lines().next(), Some(message), "{attempt}");
    };
    check("inside._os.open('/etc/passwd', 0)", "line 2: dag.py may not open `/etc/passwd`");
    check("inside._os.open('dag.py', 0)", "line 2: dag.py may not open `dag.py`");
    check(
        "inside.FileLoader('x', 'x').get_data('/etc/passwd')",
        "line 2: dag.py may not open `/etc/passwd` with io.FileIO",
    );
    check("inside._os.listdir('/')", "line 2: dag.py may not list `/`");
    check("inside._os.system('id')", "line 2: dag.py may not do what CPython calls `os.system`");
    check("inside._os.fork()", "line 2: dag.py may not do what CPython calls `os.fork`");
    check("inside._os.remove('x')", "line 2: dag.py may not do what CPython calls `os.remove`");
    check("import gc\ngc.get_objects()", "line 3: dag.py may not do what CPython calls `gc.get_objects`");
    check("import _posixshmem", "line 2: ModuleNotFoundError: No module named '_posixshmem'");
}

#[test]
fn the_limits_hold_and_the_line_is_told() {
    let hasty = Interpreter { wall_limit: Duration::from_secs(1), memory_limit: 512 << 20, ..on_host() };
    let check = |source: &str, line: &str| {
        match hasty.execute(project(&[("dag.py", source)]).path(), "dag.py") {
            Err(PythonError::TimedOut { span: Some(span), .. }) => assert_eq!(place(&span, 0), line, "{source}"),
            other => panic!("{source}: {other:?}"),
        };
    };
    check("x = 1\nwhile True: pass", "line 2");
    check("while True:\n  try:\n    while True: pass\n  except BaseException: pass", "line 3");
    check("import os\n\nsum(range(10**11))", "line 3");
    match hasty.execute(project(&[("dag.py", "x = 1\ny = 'x' * 10**10")]).path(), "dag.py") {
        Err(PythonError::Code { message, span: Some(span), .. }) => {
            assert_eq!((message.as_str(), place(&span, 0).as_str()), ("MemoryError", "line 2"));
        }
        other => panic!("{other:?}"),
    }
}
