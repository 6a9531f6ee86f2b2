//! The terminal while a command runs: how large it is, whose it is, and what it shows on its own.

use std::io::{Stderr, stderr};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Signal, getpgrp, getpid, getsid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

/// How large a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// At least 2.
    pub(super) columns: usize,
    /// At least 2.
    pub(super) rows: usize,
}

/// Returns how large the terminal is; one that does not say is as most are.
pub(super) fn size() -> Size {
    let (columns, rows) = tcgetwinsize(stderr()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let or = |said: u16, usual: usize| if said == 0 { usual } else { usize::from(said).max(2) };
    Size { columns: or(columns, 80), rows: or(rows, 24) }
}

/// Tells whether we are in the foreground: a job in the background must not draw over what its user does.
pub(super) fn is_ours() -> bool {
    // Where nobody does job control, nobody else has the terminal.
    tcgetpgrp(stderr()).map_or(true, |foreground| foreground == getpgrp())
}

/// How the terminal was before; there is but one a process.
static BEFORE: Mutex<Option<(Stderr, Termios)>> = Mutex::new(None);

/// Keeps what is typed unshown until it goes away: a `^C` or a line end would shift the lines that are drawn.
pub(super) struct Still(());

impl Still {
    /// Does nothing without a terminal, or behind another program's back: a job in the background would be stopped.
    /// Ordinary keys stay visible unless `all` are to be kept unshown.
    pub(super) fn begin(all: bool) -> Self {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_none() {
            *before = hide(stderr(), all);
        }
        Self(())
    }
}

fn hide(terminal: Stderr, all: bool) -> Option<(Stderr, Termios)> {
    let before = tcgetattr(&terminal).ok()?;
    if tcgetpgrp(&terminal) != Ok(getpgrp()) {
        return None;
    }
    let mut hidden = before.clone();
    hidden.local_modes.remove(if all { LocalModes::ECHOCTL | LocalModes::ECHO } else { LocalModes::ECHOCTL });
    tcsetattr(&terminal, OptionalActions::Now, &hidden).ok()?;
    Some((terminal, before))
}

/// Makes the terminal as it was.
pub(super) fn restore() {
    if let Some((terminal, before)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(terminal, OptionalActions::Now, &before);
    }
}

/// Stops this process, as Ctrl-Z asks for, with the terminal as it was; returns when it goes on. Where no shell would let
/// it go on, nothing is done: a session's first group has nobody above it.
pub(super) fn stop() {
    if getsid(None) == Ok(getpgrp()) {
        return;
    }
    let now = tcgetattr(stderr());
    if let Some((terminal, before)) = &*BEFORE.lock().unwrap_or_else(PoisonError::into_inner) {
        let _ = tcsetattr(terminal, OptionalActions::Now, before);
    }
    let _ = kill_process(getpid(), Signal::STOP);
    if let (Ok(now), true) = (now, is_ours()) {
        let _ = tcsetattr(stderr(), OptionalActions::Now, &now);
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        restore();
    }
}
