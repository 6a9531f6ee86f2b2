//! The sandbox's directory: whose it is, and which ports it is known by.
//!
//! Two lock files decide, which the system releases whatever becomes of a process: `owner.lock` is held by the process
//! whose servers run, `guests.lock` is shared by the processes that use them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::SandboxError;

/// How long an owner that is starting or stopping is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

const STATE: &str = "sandbox.json";
const UNFINISHED_STATE: &str = "sandbox.json.new";

/// The ports that the servers of a directory are known by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) registry: u16,
    pub(super) control_plane: u16,
}

/// What a process holds of a directory; the locks go with it.
pub(super) enum Claim {
    /// Its servers run here.
    Owner { _owner: File, guests: File },
    /// It uses the servers of the owner.
    Guest { _guests: File },
}

impl Claim {
    /// Waits until no guest is left.
    pub(super) async fn outlast_guests(&self) {
        let Self::Owner { guests, .. } = self else { return };
        while matches!(guests.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Becomes the owner of `directory`, or a guest of its owner; says which ports it was last known by.
pub(super) async fn claim(directory: &Path) -> Result<(Claim, Option<Ports>), SandboxError> {
    let fail = |error| SandboxError::Directory { directory: directory.to_owned(), error };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(fail)?;
    let owner = lock_file(&directory.join("owner.lock")).map_err(fail)?;
    let guests = lock_file(&directory.join("guests.lock")).map_err(fail)?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if is_locked(owner.try_lock()).map_err(fail)? {
            return Ok((Claim::Owner { _owner: owner, guests }, ports(directory)));
        }
        if is_locked(guests.try_lock_shared()).map_err(fail)? {
            if let Some(ports) = ports(directory)
                && answers(ports).await
            {
                return Ok((Claim::Guest { _guests: guests }, Some(ports)));
            }
            guests.unlock().map_err(fail)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(SandboxError::InUse { directory: directory.to_owned(), process: process(directory) })
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn is_locked(outcome: Result<(), fs::TryLockError>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

async fn answers(ports: Ports) -> bool {
    let registry = TcpStream::connect(("127.0.0.1", ports.registry)).await;
    let control_plane = TcpStream::connect(("127.0.0.1", ports.control_plane)).await;
    registry.is_ok() && control_plane.is_ok()
}

/// Writes down which ports the directory is known by, and whose it is.
pub(super) fn remember(directory: &Path, ports: Ports) -> io::Result<()> {
    let state = json!({
        "registry_port": ports.registry,
        "control_plane_port": ports.control_plane,
        "process": std::process::id(),
    });
    // Always the same name: only the owner writes, and what a killed one left, the next one replaces.
    let unfinished = directory.join(UNFINISHED_STATE);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{state:#}")?;
    fs::rename(unfinished, directory.join(STATE))
}

fn state(directory: &Path) -> Value {
    let bytes = fs::read(directory.join(STATE)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn ports(directory: &Path) -> Option<Ports> {
    let state = state(directory);
    let port = |field: &str| state[field].as_u64().and_then(|port| u16::try_from(port).ok());
    Some(Ports { registry: port("registry_port")?, control_plane: port("control_plane_port")? })
}

/// Returns the process that the directory belongs to, or 0.
fn process(directory: &Path) -> u32 {
    state(directory)["process"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or_default()
}
