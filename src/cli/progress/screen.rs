//! Lines that stay, and below them lines that are drawn anew.
//!
//! Between two frames, the cursor waits at the beginning of the first live line. So whatever a terminal makes of its
//! lines when its size changes, everything from the cursor on is ours, and nothing above it is.

use std::borrow::Cow;
use std::io::Write;

use anstream::adapter::strip_str;

/// Hides the cursor, and lets what is too wide be cut, not wrapped (ECMA-48, DEC private modes).
const BEGIN: &str = "\x1b[?25l\x1b[?7l";
/// Shows the cursor, and lets lines wrap.
const END: &str = "\x1b[?7h\x1b[?25h";
/// Erases from the cursor to the end of the line.
const ERASE_LINE: &str = "\x1b[K";
/// Erases from the cursor to the end of the screen.
const ERASE_BELOW: &str = "\x1b[J";

/// Where lines are written.
pub(super) struct Screen {
    to: Box<dyn Write + Send>,
    colours: bool,
    /// What is drawn at the moment.
    drawn: Vec<String>,
}

impl Screen {
    pub(super) fn new(to: Box<dyn Write + Send>, colours: bool) -> Self {
        Self { to, colours, drawn: Vec::new() }
    }

    /// Tells whether nothing is drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.drawn.is_empty()
    }

    /// Removes what stands in the line of the cursor.
    pub(super) fn wipe(&mut self) {
        self.write(&format!("\r{ERASE_LINE}"));
    }

    /// Writes what stays, and draws `live` below it.
    pub(super) fn tell(&mut self, text: &str, live: Vec<String>) {
        let mut frame = self.cleared();
        frame.push_str(&self.wanted(text));
        frame.push('\n');
        self.draw_after(frame, live);
    }

    /// Draws `live` in place of what is drawn.
    pub(super) fn draw(&mut self, live: Vec<String>) {
        if live.is_empty() {
            return self.clear();
        }
        if live != self.drawn {
            self.draw_after(String::new(), live);
        }
    }

    /// Removes what is drawn.
    pub(super) fn clear(&mut self) {
        let frame = self.cleared();
        if !frame.is_empty() {
            self.write(&frame);
        }
    }

    fn cleared(&mut self) -> String {
        if std::mem::take(&mut self.drawn).is_empty() { String::new() } else { format!("\r{ERASE_BELOW}{END}") }
    }

    fn draw_after(&mut self, mut frame: String, live: Vec<String>) {
        if !live.is_empty() {
            frame.push_str(BEGIN);
            frame.push('\r');
            frame.push_str(&self.wanted(&live.join("\n")).replace('\n', &format!("{ERASE_LINE}\r\n")));
            frame.push_str(ERASE_BELOW);
            frame.push('\r');
            frame.push_str(&up(live.len() - 1));
        }
        self.write(&frame);
        self.drawn = live;
    }

    /// Returns a text with colours, or without.
    fn wanted<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.colours { text.into() } else { strip_str(text).to_string().into() }
    }

    /// Writes at once, so that nobody sees half of it. A closed stderr is no reason to fail a deploy.
    fn write(&mut self, frame: &str) {
        let _ = self.to.write_all(frame.as_bytes()).and_then(|()| self.to.flush());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Moves the cursor up.
fn up(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A") }
}
