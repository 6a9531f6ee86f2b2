//! Upload sessions: bytes are hashed and written as they arrive, by one thread each, and renamed into place.
//!
//! A session has one client. When a second request comes to it while the first is still sending, the first one's
//! connection is dead and nobody told us: the newer goes on from what there is, the older is sent away.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use tempfile::NamedTempFile;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::content::{Algorithm, ContentDigest, Hasher};
use super::fault::Fault;
use super::store::Store;

/// How many pieces of a body may wait for the disk; a piece is what one read of the socket gave.
const WAITING: usize = 4;

/// How much of a body that nobody wants is read anyway, so that the client gets to read the answer: bytes.
const DRAINED: usize = 8 << 20;

/// How long an upload that nobody goes on with is kept: its client was killed, or began again elsewhere.
const ABANDONED: Duration = Duration::from_secs(30 * 60);

/// How long a body may bring nothing before its connection counts as dead.
const IDLE: Duration = Duration::from_secs(60);

/// A blob that is still arriving.
pub(super) struct Upload {
    file: NamedTempFile,
    hasher: Hasher,
    algorithm: Algorithm,
}

/// An upload that the requests of one client go on with, one after the other.
pub(super) struct Session {
    /// Nobody waits for this lock on a thread that serves connections: who writes holds it for a whole body.
    upload: Mutex<Option<Upload>>,
    received: AtomicU64,
    /// Counts the requests that have sent a body.
    turn: watch::Sender<u64>,
}

/// Sessions by repository and id, each with when it was last asked for.
type Open = HashMap<(String, String), (Arc<Session>, Instant)>;

/// The open sessions.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<Open>,
}

impl Sessions {
    /// Opens a session and returns its id.
    pub(super) fn start(&self, repository: &str, upload: Upload) -> String {
        let id = format!("{:032x}", fastrand::u128(..));
        let session = Arc::new(Session::new(upload));
        self.forget(ABANDONED);
        self.lock().insert((repository.to_owned(), id.clone()), (session, Instant::now()));
        id
    }

    /// Drops the uploads, and their files, that nobody has asked for in `time`, nor is sending to now.
    fn forget(&self, time: Duration) {
        self.lock().retain(|_, (session, used)| Arc::strong_count(session) > 1 || used.elapsed() < time);
    }

    pub(super) fn get(&self, repository: &str, id: &str) -> Result<Arc<Session>, Fault> {
        let mut open = self.lock();
        let key = (repository.to_owned(), id.to_owned());
        let (session, used) = open.get_mut(&key).ok_or_else(|| Fault::upload_unknown(id))?;
        *used = Instant::now();
        Ok(Arc::clone(session))
    }

    pub(super) fn close(&self, repository: &str, id: &str) -> Result<Arc<Session>, Fault> {
        let session = self.lock().remove(&(repository.to_owned(), id.to_owned()));
        session.map(|(session, _)| session).ok_or_else(|| Fault::upload_unknown(id))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    pub(super) fn new(store: &Store, algorithm: Algorithm) -> io::Result<Self> {
        Ok(Self { file: store.temporary()?, hasher: algorithm.hasher(), algorithm })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Puts the blob in its place when it is what `digest` says.
    pub(super) fn finish(self, store: &Store, repository: &str, digest: &ContentDigest) -> Result<(), Fault> {
        let found = match self.algorithm == digest.algorithm {
            true => self.hasher.finish(),
            false => digest.algorithm.hasher().drain(File::open(self.file.path())?)?,
        };
        if found != *digest {
            return Err(Fault::digest_invalid(format!("the content's digest is {found}, not {digest}")));
        }
        Ok(store.keep(repository, digest, self.file)?)
    }
}

impl Session {
    fn new(upload: Upload) -> Self {
        Self { upload: Mutex::new(Some(upload)), received: AtomicU64::new(0), turn: watch::Sender::new(0) }
    }

    /// Returns the number of bytes that have arrived.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Takes the upload out of its session; whoever comes later finds none. Waits for who is writing.
    pub(super) fn take(&self, id: &str) -> Result<Upload, Fault> {
        let upload = self.upload.lock().unwrap_or_else(PoisonError::into_inner).take();
        upload.ok_or_else(|| Fault::upload_unknown(id))
    }

    /// Sends the request before this one away. Returns what tells when the same happens to this one.
    fn take_turn(&self) -> watch::Receiver<u64> {
        self.turn.send_modify(|turn| *turn += 1);
        self.turn.subscribe()
    }

    fn write(&self, id: &str, start: Option<u64>, mut pieces: mpsc::Receiver<Bytes>) -> Result<(), Fault> {
        let mut guard = self.upload.lock().unwrap_or_else(PoisonError::into_inner);
        let upload = guard.as_mut().ok_or_else(|| Fault::upload_unknown(id))?;
        if let Some(start) = start.filter(|start| *start != self.received()) {
            return Err(Fault::chunk_out_of_order(start, self.received()));
        }
        while let Some(bytes) = pieces.blocking_recv() {
            if let Err(error) = upload.append(&bytes) {
                // How much of the piece is in the file is unknown: the client has to begin again.
                *guard = None;
                return Err(error.into());
            }
            self.received.fetch_add(bytes.len() as u64, Ordering::Release);
        }
        Ok(())
    }
}

/// Appends a body to a session; `start` is where the client believes it belongs. What arrived before a connection
/// broke stays, so that the client can ask and go on from there.
pub(super) async fn receive(session: Arc<Session>, id: &str, start: Option<u64>, body: Body) -> Result<(), Fault> {
    let turn = session.take_turn();
    let (sender, receiver) = mpsc::channel(WAITING);
    let owned_id = id.to_owned();
    let writer = tokio::task::spawn_blocking(move || session.write(&owned_id, start, receiver));
    let broken = forward(body, sender, turn).await;
    let written = writer.await.map_err(|error| io::Error::other(error.to_string()))?;
    match broken {
        Some(reason) if written.is_ok() => Err(Fault::upload_invalid(format!("the body broke off: {reason}"))),
        _ => written,
    }
}

/// Hands a body to the writer; returns why it broke off, if it did.
async fn forward(body: Body, sender: mpsc::Sender<Bytes>, mut turn: watch::Receiver<u64>) -> Option<String> {
    let mut stream = body.into_data_stream();
    let mut refused = 0;
    loop {
        let next = tokio::select! {
            next = timeout(IDLE, stream.next()) => next,
            _ = turn.changed() => return Some("another request goes on with this upload".to_owned()),
        };
        let bytes = match next {
            Ok(Some(Ok(bytes))) => bytes,
            Ok(Some(Err(error))) => return Some(error.to_string()),
            Ok(None) => return None,
            Err(_) => return Some(format!("nothing came for {} s", IDLE.as_secs())),
        };
        let length = bytes.len();
        if refused > 0 || sender.send(bytes).await.is_err() {
            refused += length;
        }
        if refused > DRAINED {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that is killed never comes back; what it sent must not fill the disk of a sandbox that runs for days.
    #[test]
    fn what_nobody_goes_on_with_is_dropped_with_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path().to_owned()).unwrap();
        let sessions = Sessions::default();
        let start = || sessions.start("r", Upload::new(&store, Algorithm::Sha256).unwrap());
        let (abandoned, busy) = (start(), start());
        let files = || directory.path().join("_temporary").read_dir().unwrap().count();
        let sending = sessions.get("r", &busy).unwrap();
        sessions.forget(Duration::from_secs(60));
        assert_eq!(files(), 2);
        sessions.forget(Duration::ZERO);
        assert_eq!(files(), 1);
        assert!(sessions.get("r", &abandoned).is_err());
        assert!(sessions.get("r", &busy).is_ok());
        drop(sending);
    }
}
