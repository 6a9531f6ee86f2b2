//! A `docker-credential-*` program asked for one server (docker/docker-credential-helpers, protocol of `get`).

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::{Credential, basic};

/// The most bytes that an answer may have.
const ANSWER: u64 = 1 << 20;

/// How helpers say, in lower case, that they know no such server.
const NOT_FOUND: &[&str] = &[
    // docker-credential-helpers, and with it osxkeychain, secretservice, pass, wincred, ecr-login and gcr.
    "credentials not found",
    "no credentials server url",
    "no credentials username",
    // Their older releases pass on what the store says.
    "specified item could not be found in the keychain",
    "is not in the password store",
    "element not found",
    // acr-env, asked about somebody else's registry.
    "does not refer to azure container registry",
];

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
        Ok(Ok((status, output, complaint))) => understood(status, &output, &complaint),
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
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// Whether it read the question shows in its answer. One that says too much is not waited for.
async fn converse(mut child: Child, server: &str) -> std::io::Result<(Option<ExitStatus>, Vec<u8>, Vec<u8>)> {
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let (output, complaint) = (child.stdout.take(), child.stderr.take());
    let (output, complaint) = tokio::try_join!(read(output), read(complaint))?;
    let status = match output.len() as u64 > ANSWER {
        true => None,
        false => Some(child.wait().await?),
    };
    Ok((status, output, complaint))
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(ANSWER + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// A helper that fails says why on its standard output, some on the other. Neither is repeated: secrets may be in it.
fn understood(status: Option<ExitStatus>, output: &[u8], complaint: &[u8]) -> Result<Option<Credential>, String> {
    let Some(status) = status else { return Err("its answer is larger than 1 MiB".to_owned()) };
    if !status.success() {
        let words = [output, complaint].map(|words| String::from_utf8_lossy(words).to_lowercase());
        let not_found = NOT_FOUND.iter().any(|text| words.iter().any(|words| words.contains(text)));
        return if not_found { Ok(None) } else { Err(format!("it ended with {status}")) };
    }
    let answer: Answer = serde_json::from_slice(output).map_err(|_| "its answer is not understood".to_owned())?;
    let known = !answer.username.is_empty() || !answer.secret.is_empty();
    Ok(known.then(|| basic(&answer.username, &answer.secret)))
}
