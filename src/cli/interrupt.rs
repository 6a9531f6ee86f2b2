//! Ctrl-C: what an interrupted command says about the state that it leaves things in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::exit::Exit;
use super::progress::Progress;
use super::report::Failure;
use super::session::Session;
use super::terminal::{self, Still};

/// How far a command has come, as told when it is interrupted.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Facts>);

#[derive(Debug, Default)]
struct Facts {
    /// What is true now.
    now: Option<(String, String)>,
}

impl Standing {
    /// Notes what is true from now on (`interrupted …`), and what to do should it end here.
    pub fn at(&self, now: impl Into<String>, help: impl Into<String>) {
        self.facts().now = Some((now.into(), help.into()));
    }

    /// Returns what to tell when it ends here.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let facts = self.facts();
        let (message, help) = match &facts.now {
            Some((now, help)) => (format!("interrupted {now}"), Some(help.clone())),
            None => ("interrupted".to_owned(), None),
        };
        Failure::new(Exit::Interrupted, message, help)
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a command until it ends or Ctrl-C stops it.
pub(super) fn interruptible(
    session: &Session,
    command: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let _still = Still::begin(session.progress.is_live());
    let result = until_it_ends(async {
        let interrupted = interrupted(&session.progress)?;
        let outcome = tokio::select! {
            biased;
            _ = interrupted => Ok(None),
            result = command => result.map(Some),
        };
        // The command is gone by now, and with it whatever it was sending.
        if let Ok(None) = outcome {
            session.progress.clear();
            session.abandon().await;
        }
        outcome
    });
    session.progress.clear();
    match result? {
        Some(exit) => Ok(exit),
        None => {
            session.progress.interrupted();
            Err(session.standing.failure())
        }
    }
}

/// Runs a command that hears Ctrl-C itself; a thread that is still busy is not waited for.
pub(super) fn until_it_ends<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}

/// Returns what resolves on SIGINT or SIGTERM; a second one ends the process, whatever it is busy with. Ctrl-Z stops it
/// with a clean screen.
pub(super) fn interrupted(progress: &Progress) -> std::io::Result<oneshot::Receiver<()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let (sender, receiver) = oneshot::channel();
    let progress = progress.clone();
    tokio::spawn(async move {
        let mut sender = Some(sender);
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = stop.recv() => {
                    progress.aside(terminal::stop);
                    continue;
                }
            }
            match sender.take() {
                // A command that has ended listens no more.
                Some(first) => drop(first.send(())),
                None => leave(&progress),
            }
        }
    });
    Ok(receiver)
}

/// Ends the process at once; the terminal is left as it was.
fn leave(progress: &Progress) -> ! {
    progress.interrupted();
    terminal::restore();
    std::process::exit(i32::from(Exit::Interrupted as u8))
}
