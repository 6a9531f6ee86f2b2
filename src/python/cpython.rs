//! dag.py in a CPython of the host, for who asks for it: the same stand-in, sent along as sources, within the same limits.
//!
//! Our worker sets the limits and becomes that Python; `lib/cpython_host.py` is what it executes. The flag `-I` is left
//! out because it would ignore `PYTHONHASHSEED`; its parts (`-s`, an empty environment, no directory of the script on
//! `sys.path`) are there one by one.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Number, Value, json};

use super::limits;
use super::protocol::{Outcome, Report, Request};
use super::sources;
use super::worker::WORKER_ARGUMENT;

/// What CPython executes first.
const HOST: &str = include_str!("lib/cpython_host.py");
/// The oldest version that it works with.
const OLDEST: (u32, u32) = (3, 10);
/// How long `--version` may take.
const VERSION_PATIENCE: Duration = Duration::from_secs(5);

/// Returns our worker, which is to become `python`.
pub(super) fn command(program: &Path, python: &Path, request: &Request) -> Command {
    let mut command = Command::new(program);
    command.arg(WORKER_ARGUMENT).arg(python);
    let hash_seed = u64::from(request.again);
    let numbers = [request.wall_limit_ms, request.memory_limit, request.parent.into(), hash_seed];
    command.args(numbers.map(|number| number.to_string()));
    command
}

/// Returns what it reads: the request, and the modules that the embedded interpreter has compiled in.
pub(super) fn feed(request: &Request) -> Value {
    json!({ "request": request, "bootstrap": sources::BOOTSTRAP, "modules": sources::texts() })
}

/// Sets the limits and becomes the Python that the arguments name; returns the exit code when that fails.
pub(super) fn become_python(arguments: &[OsString]) -> u8 {
    let [python, numbers @ ..] = arguments else { return 2 };
    let numbers = numbers.iter().filter_map(|text| text.to_str()?.parse::<u64>().ok()).collect::<Vec<_>>();
    let &[wall_limit_ms, memory_limit, parent, hash_seed] = numbers.as_slice() else { return 2 };
    if limits::is_orphan_of(u32::try_from(parent).unwrap_or_default()) {
        return 1;
    }
    limits::apply(Duration::from_millis(wall_limit_ms), memory_limit);
    limits::deepen_stack();
    let error = Command::new(python)
        .args(["-s", "-S", "-B", "-X", "utf8", "-c", HOST])
        .env_clear()
        .env("PYTHONHASHSEED", hash_seed.to_string())
        .exec();
    super::worker::answer(&Report::of(Outcome::NoPython(error.to_string())))
}

/// Writes the floats of a report as Rust does (`0.00001`, where Python has `1e-05`), so that dag.json is the same.
pub(super) fn with_our_floats(report: &mut Value) {
    match report {
        Value::Array(items) => items.iter_mut().for_each(with_our_floats),
        Value::Object(fields) => fields.values_mut().for_each(with_our_floats),
        Value::Number(number) if number.is_f64() => {
            if let Some(ours) = number.as_f64().and_then(Number::from_f64) {
                *number = ours;
            }
        }
        _ => {}
    }
}

/// Tells what is wrong with a Python that did not answer, from what it says of its version; `otherwise` when nothing is.
pub(super) fn unsuitable(python: &Path, otherwise: String) -> String {
    let Some(said) = version_text(python) else { return otherwise };
    let first = said.lines().next().unwrap_or_default().trim();
    match version(first) {
        _ if said.contains("PyPy") => format!("it is `{}`, and only CPython works", said.replace('\n', " ").trim()),
        None => format!("it is no Python: `--version` says `{first}`"),
        Some(found) if found < OLDEST => {
            format!("it is {first}, and {}.{} is the oldest that works", OLDEST.0, OLDEST.1)
        }
        Some(_) => otherwise,
    }
}

/// `Python 3.11.7` is `(3, 11)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What `--version` prints; Python 2 does so on stderr.
fn version_text(python: &Path) -> Option<String> {
    let mut child = Command::new(python)
        .arg("--version")
        .env_clear()
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    end_in_time(&mut child);
    let mut said = String::new();
    let (stdout, stderr) = (child.stdout.take()?, child.stderr.take()?);
    stdout.take(4096).read_to_string(&mut said).ok()?;
    stderr.take(4096).read_to_string(&mut said).ok()?;
    Some(said)
}

fn end_in_time(child: &mut Child) {
    let patience = Instant::now() + VERSION_PATIENCE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let check = |text: &str, expected| assert_eq!(version(text), expected, "{text}");
        check("Python 3.11.7", Some((3, 11)));
        check("Python 2.7.18", Some((2, 7)));
        check("Python 3.14.0rc1", Some((3, 14)));
        check("true (GNU coreutils) 9.1", None);
        check("", None);
    }

    #[test]
    fn floats_are_written_as_ours() {
        let check = |text: &str, expected: &str| {
            let mut value = serde_json::from_str(text).expect("json");
            with_our_floats(&mut value);
            assert_eq!(value.to_string(), expected, "{text}");
        };
        check("[1e+16,1e-05,0.5,-0.0,3]", "[1e+16,0.00001,0.5,-0.0,3]");
        check(
            r#"{"a":[1.5e+300,123456789012345678901234567890]}"#,
            r#"{"a":[1.5e+300,123456789012345678901234567890]}"#,
        );
    }
}
