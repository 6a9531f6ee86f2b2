//! A `docker-credential-*` program asked for one server (docker/docker-credential-helpers, protocol of `get`).

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::{Credential, basic};

/// The most bytes that an answer may have.
const ANSWER: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Returns what helper `name` knows of `server`, or says what happened. It is killed once the time is over.
pub(super) async fn get(
    name: &str,
    server: &str,
    path: Option<&OsStr>,
    timeout: Duration,
) -> Result<Option<Credential>, String> {
    let program = find(&format!("docker-credential-{name}"), path).ok_or("it is not on the PATH")?;
    let child = spawn(&program).map_err(|error| format!("it cannot be started: {error}"))?;
    match tokio::time::timeout(timeout, converse(child, server)).await {
        Ok(Ok((status, output))) => understood(status, &output),
        Ok(Err(error)) => Err(format!("it cannot be read: {error}")),
        Err(_) => Err(format!("it did not answer within {} s", timeout.as_secs_f32())),
    }
}

/// A name never leads out of the directories on the path, and those are absolute.
fn find(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.contains('/') {
        return None;
    }
    let directories = std::env::split_paths(path?).filter(|directory| directory.is_absolute());
    directories.map(|directory| directory.join(program)).find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn spawn(program: &Path) -> std::io::Result<Child> {
    Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// Whether it read the question shows in its answer.
async fn converse(mut child: Child, server: &str) -> std::io::Result<(ExitStatus, Vec<u8>)> {
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(ANSWER).read_to_end(&mut output).await?;
    }
    Ok((child.wait().await?, output))
}

/// A helper that fails says why on its standard output, which is not repeated: it is also where secrets are.
fn understood(status: ExitStatus, output: &[u8]) -> Result<Option<Credential>, String> {
    if !status.success() {
        let message = String::from_utf8_lossy(output).to_lowercase();
        return if message.contains("credentials not found") {
            Ok(None)
        } else {
            Err(format!("it ended with {status}"))
        };
    }
    let answer: Answer = serde_json::from_slice(output).map_err(|_| "its answer is not understood".to_owned())?;
    let known = !answer.username.is_empty() || !answer.secret.is_empty();
    Ok(known.then(|| basic(&answer.username, &answer.secret)))
}
