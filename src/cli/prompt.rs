//! Questions to whoever sits at the terminal; never asked without one.
//!
//! They are asked on a thread of their own, so that Ctrl-C is heard while one waits for an answer.

use std::io::{BufRead, Write};

use super::exit::Exit;
use super::report::Failure;
use crate::secret::Secret;

/// Asks a yes-or-no question on stderr; anything but yes is no.
pub(super) async fn confirm(question: &str) -> Result<bool, Failure> {
    let answer = ask(format!("{question} [y/N] ")).await?;
    let yes = matches!(answer.to_lowercase().as_str(), "y" | "yes");
    if !yes {
        eprintln!("Nothing was done.");
    }
    Ok(yes)
}

/// Asks for a line of text.
pub(super) async fn ask(question: String) -> Result<String, Failure> {
    apart(move || {
        let mut stderr = std::io::stderr().lock();
        write!(stderr, "{question}")?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    })
    .await
}

/// Asks for a password without showing it.
pub(super) async fn password(question: String) -> Result<Secret, Failure> {
    apart(move || rpassword::prompt_password(question).map(Secret::new)).await
}

/// Reads a password from standard input: its first line.
pub(super) async fn password_from_stdin() -> Result<Secret, Failure> {
    apart(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(Secret::new(line.trim_end_matches(['\n', '\r'])))
    })
    .await
}

async fn apart<T: Send + 'static>(ask: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(answer) => Ok(answer?),
        Err(error) => Err(Failure::new(Exit::Failure, format!("cannot ask: {error}"), None)),
    }
}
