//! Bombs end in an error, in time.

use std::time::Duration;

use leoflow::python::{Interpreter, PythonError};

use super::{execute, interpreter, place, project};

fn stopped(source: &str) -> PythonError {
    stopped_after(Duration::from_secs(1), source)
}

fn stopped_after(wall_limit: Duration, source: &str) -> PythonError {
    let hasty = Interpreter { wall_limit, memory_limit: 512 << 20, ..interpreter() };
    hasty.execute(project(&[("dag.py", source)]).path(), "dag.py").expect_err("it should have been stopped")
}

#[test]
fn endless_python_is_stopped_at_its_line() {
    let check = |source: &str, line: &str| match stopped(source) {
        PythonError::TimedOut { span: Some(span), .. } => assert_eq!(place(&span, 0), line, "{source}"),
        other => panic!("{source}: {other:?}"),
    };
    check("x = 1\nwhile True: pass", "line 2");
    check("while True:\n  try:\n    while True: pass\n  except BaseException: pass", "line 3");
    check("def f():\n  while True: pass\n\nf()", "line 2");
}

#[test]
fn endless_native_work_is_killed() {
    let check = |source: &str| match stopped(source) {
        PythonError::TimedOut { span: Some(span), .. } => assert_eq!(place(&span, 0), "line 3", "{source}"),
        other => panic!("{source}: {other:?}"),
    };
    check("import os\n\nsum(range(10**10))");
    check("x = 1\n\ny = 10**10**8");
}

#[test]
fn hunger_for_memory_is_told() {
    let check = |source: &str| match stopped_after(Duration::from_secs(30), source) {
        PythonError::Died { reason, .. } => assert!(reason.contains("memory"), "{source}: {reason}"),
        PythonError::Code { message, .. } => assert!(message.starts_with("MemoryError"), "{source}: {message}"),
        other => panic!("{source}: {other:?}"),
    };
    check("x = [0] * 10**10");
    check("x = 'x' * 10**12");
    check("x = bytearray(10**11)");
    check("x = ['x' * 10**6]\nwhile True: x.append(x[0] + str(len(x)))");
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    let check = |source: &str| match stopped_after(Duration::from_secs(30), source) {
        PythonError::Code { .. } => {}
        PythonError::Died { reason, .. } => assert!(reason.contains("nested"), "{reason}"),
        other => panic!("{other:?}"),
    };
    check("def f(n): return f(n + 1)\nf(0)");
    check("import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return f(n + 1)\nf(0)");
    check(&format!("x = {}1{}", "(".repeat(100_000), ")".repeat(100_000)));
    check("x = []\nfor _ in range(10**5): x = [x]\nrepr(x)");
    check(
        "from airflow.sdk import dag, task\nx = []\nfor _ in range(200): x = [x]\n@task\ndef f(a): pass\n\
         @dag\ndef d(): f(x)\nd()",
    );
    check("class A:\n  def __getattr__(self, name): return getattr(self, name + 'x')\nA().y");
}

#[test]
fn a_flood_of_output_is_cut() {
    let execution = execute(&[("dag.py", "for _ in range(10**5): print('x' * 100)\n")]).expect("it runs");
    assert_eq!(execution.printed.len(), 64 << 10);
}

#[test]
fn a_program_that_is_no_worker_is_told() {
    let check = |program: &str| {
        let wrong = Interpreter { program: program.into(), ..interpreter() };
        match wrong.execute(project(&[("dag.py", "")]).path(), "dag.py") {
            Err(PythonError::Worker { program: named, .. }) => assert_eq!(named.display().to_string(), program),
            other => panic!("{other:?}"),
        }
    };
    check("/nonexistent/leoflow");
    check("/bin/true");
}

#[test]
fn a_missing_source_is_told() {
    match interpreter().execute(project(&[("other.py", "")]).path(), "dag.py") {
        Err(PythonError::Read { path, .. }) => assert!(path.ends_with("dag.py")),
        other => panic!("{other:?}"),
    }
}
