//! A part of the log that a CI system folds away.

use std::io::Write;
use std::sync::Arc;

use super::Mode;
use super::teller::Teller;

/// Open until it goes away.
pub struct Group(Option<Arc<Teller>>);

impl Group {
    /// Begins it, where there is a CI system that knows such a thing, and unless it lies in another.
    pub(super) fn begin(teller: &Arc<Teller>, title: &str) -> Self {
        let line = if teller.mode == Mode::Quiet { None } else { teller.audience.group(title) };
        Self(line.map(|line| {
            command(teller, &line);
            Arc::clone(teller)
        }))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(teller) = &self.0 {
            teller.audience.group_end().iter().for_each(|line| command(teller, line));
        }
    }
}

/// Writes a line for the CI system as it is: escape sequences are its language. A closed stderr is no reason to fail.
fn command(teller: &Teller, line: &str) {
    teller.aside(|| drop(writeln!(std::io::stderr(), "{line}")));
}
