//! Questions to whoever sits at the terminal; never asked without one.
//!
//! They are asked on a thread of their own, so that Ctrl-C is heard while one waits for an answer.

use std::io::{BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::args::OutputFormat;
use super::exit::Exit;
use super::report::Failure;
use super::run::print_json;
use super::session::Session;
use crate::secret::Secret;

/// Asks a yes-or-no question on stderr; anything but yes is no.
pub(super) async fn confirm(session: &Session, question: &str) -> Result<bool, Failure> {
    let answer = ask(format!("{question} [y/N] ")).await?;
    let yes = matches!(answer.to_lowercase().as_str(), "y" | "yes");
    if !yes {
        session.progress.line("Nothing was done.");
        if session.format == OutputFormat::Json {
            print_json(&Failure::new(Exit::Failure, "declined at the prompt; nothing was done", None));
        }
    }
    Ok(yes)
}

/// Asks for a line of text.
pub(super) async fn ask(question: String) -> Result<String, Failure> {
    let asking = Asking::new(&question)?;
    let answer = apart(line).await?;
    // What ends without a line end (Ctrl-D) leaves the cursor behind the question.
    if answer.ends_with('\n') {
        drop(asking.answered());
    }
    Ok(answer.trim().to_owned())
}

/// Asks for a password without showing it.
pub(super) async fn password(question: String) -> Result<Secret, Failure> {
    let asking = Asking::hidden(&question)?;
    let line = apart(line).await?;
    // What ends without a line end (Ctrl-D) leaves the cursor behind the question.
    if line.ends_with('\n') {
        drop(asking.answered());
    }
    Ok(Secret::new(line.trim_end_matches(['\n', '\r'])))
}

fn line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// A question on the screen. When it goes away unanswered (Ctrl-C), the cursor moves to the next line; in any case, what
/// is typed is shown as before.
struct Asking {
    terminal: Option<Termios>,
    answered: bool,
}

impl Asking {
    fn new(question: &str) -> std::io::Result<Self> {
        Self::with_modes(question, OptionalActions::Now, |modes| modes.insert(LocalModes::ECHO))
    }

    /// Asks with the echo off.
    fn hidden(question: &str) -> std::io::Result<Self> {
        Self::with_modes(question, OptionalActions::Flush, |modes| {
            modes.remove(LocalModes::ECHO);
            modes.insert(LocalModes::ECHONL);
        })
    }

    /// It is this thread that changes the terminal, before the question is seen: the one that reads could do so after
    /// Ctrl-C has changed it back.
    fn with_modes(
        question: &str,
        when: OptionalActions,
        change: impl FnOnce(&mut LocalModes),
    ) -> std::io::Result<Self> {
        let asking = Self { terminal: tcgetattr(std::io::stdin()).ok(), answered: false };
        if let Some(mut changed) = asking.terminal.clone() {
            change(&mut changed.local_modes);
            tcsetattr(std::io::stdin(), when, &changed)?;
        }
        let mut stderr = std::io::stderr().lock();
        write!(stderr, "{question}")?;
        stderr.flush()?;
        Ok(asking)
    }

    fn answered(mut self) -> Self {
        self.answered = true;
        self
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        if let Some(terminal) = &self.terminal {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, terminal);
        }
        if !self.answered {
            let _ = writeln!(std::io::stderr());
        }
    }
}

/// Reads a password from standard input: its first line.
pub(super) async fn password_from_stdin() -> Result<Secret, Failure> {
    Ok(Secret::new(apart(line).await?.trim_end_matches(['\n', '\r'])))
}

async fn apart<T: Send + 'static>(ask: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(ask).await.map_err(std::io::Error::other)?
}
