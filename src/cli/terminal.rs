//! The terminal while live lines are drawn: a `^C` that it shows on its own would shift them.

use std::io::{Stderr, stderr};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

/// What a terminal has that does not say how many, in characters.
const USUAL_COLUMNS: usize = 80;

/// Keeps control characters unshown until it goes away.
pub(super) struct ControlsUnshown {
    before: Option<(Stderr, Termios)>,
}

impl ControlsUnshown {
    /// Does nothing without a terminal, or behind another program's back: a job in the background would be stopped.
    pub(super) fn begin() -> Self {
        Self { before: hide(stderr()) }
    }
}

/// Returns how many characters a line of stderr has, if that is a terminal.
pub(super) fn columns() -> Option<usize> {
    let size = tcgetwinsize(stderr()).ok()?;
    Some(if size.ws_col == 0 { USUAL_COLUMNS } else { usize::from(size.ws_col) })
}

fn hide(terminal: Stderr) -> Option<(Stderr, Termios)> {
    let before = tcgetattr(&terminal).ok()?;
    if tcgetpgrp(&terminal) != Ok(getpgrp()) {
        return None;
    }
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHOCTL);
    tcsetattr(&terminal, OptionalActions::Now, &hidden).ok()?;
    Some((terminal, before))
}

impl Drop for ControlsUnshown {
    fn drop(&mut self) {
        if let Some((terminal, before)) = &self.before {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(terminal, OptionalActions::Now, before);
        }
    }
}
