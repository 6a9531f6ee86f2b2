//! A terminal with somebody before it: a pseudo-terminal, the program on its other end, and the screen that one sees.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use vt100::Parser;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Columns and rows.
pub type Size = (u16, u16);

/// A program on a terminal.
pub struct Terminal {
    child: Child,
    keys: File,
    seen: Arc<Mutex<Seen>>,
    reading: Option<JoinHandle<()>>,
}

/// What came out of it.
struct Seen {
    parser: Parser,
    output: Vec<(Duration, Vec<u8>)>,
    began: Instant,
}

impl Terminal {
    /// Starts `command` on a terminal of its own, as a session of its own: Ctrl-C is its terminal's, and nobody else's.
    pub fn start(command: &Command, size: Size) -> Self {
        let pty = openpty(&winsize(size), None).unwrap();
        let mut setsid = Command::new("/usr/bin/setsid");
        setsid.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        for (name, value) in command.get_envs() {
            value.iter().for_each(|value| drop(setsid.env(name, value)));
        }
        command.get_current_dir().iter().for_each(|directory| drop(setsid.current_dir(directory)));
        let slave = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = setsid.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
        drop(setsid);
        drop(pty.slave);
        let keys = File::from(pty.master);
        let parser = Parser::new(rows(size), columns(size), 1_000);
        let seen = Arc::new(Mutex::new(Seen { parser, output: Vec::new(), began: Instant::now() }));
        let (from, to) = (keys.try_clone().unwrap(), Arc::clone(&seen));
        let reading = std::thread::spawn(move || read(from, &to));
        Self { child, keys, seen, reading: Some(reading) }
    }

    /// Types on its keyboard.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives it another size, as a window manager does.
    pub fn resize(&mut self, size: Size) {
        rustix::termios::tcsetwinsize(&self.keys, size_of(size)).unwrap();
        self.seen.lock().unwrap().parser.set_size(rows(size), columns(size));
    }

    /// Returns what one sees now, without empty lines at the end.
    pub fn screen(&self) -> String {
        lines_of(self.seen.lock().unwrap().parser.screen()).join("\n").trim_end().to_owned()
    }

    /// Returns what one sees, and above it what has scrolled away.
    pub fn everything(&self) -> String {
        let mut seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen_mut();
        let mut lines = Vec::new();
        for offset in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(offset);
            lines.extend(lines_of(screen).into_iter().next());
        }
        screen.set_scrollback(0);
        lines.extend(lines_of(screen));
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until one sees what `is_it` looks for, and returns the screen.
    #[track_caller]
    pub fn shows(&self, is_it: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is_it(&screen) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "it is not on the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Tells whether the cursor is to be seen.
    pub fn has_cursor(&self) -> bool {
        !self.seen.lock().unwrap().parser.screen().hide_cursor()
    }

    /// Tells whether what is typed is shown.
    pub fn echoes(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.keys).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ECHOCTL)
    }

    /// Returns what came out of it so far, as it came.
    pub fn output(&self) -> String {
        let seen = self.seen.lock().unwrap();
        seen.output.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
    }

    /// Returns what came out of it, and when.
    pub fn recording(&self) -> Vec<(Duration, String)> {
        let seen = self.seen.lock().unwrap();
        seen.output.iter().map(|(at, bytes)| (*at, String::from_utf8_lossy(bytes).into_owned())).collect()
    }

    /// Does something with the screen as it is.
    pub fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.lock().unwrap().parser.screen())
    }

    /// Returns the process.
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits until the program ends, and returns its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        let status = self.child.wait().unwrap();
        // The pseudo-terminal says so when nobody is on its other end any more.
        self.reading.take().map(JoinHandle::join).transpose().unwrap();
        status.code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut from: File, to: &Mutex<Seen>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let mut seen = to.lock().unwrap();
        seen.parser.process(&buffer[..count]);
        let at = seen.began.elapsed();
        seen.output.push((at, buffer[..count].to_vec()));
    }
}

fn lines_of(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn columns((columns, _): Size) -> NonZeroU16 {
    NonZeroU16::new(columns).unwrap()
}

fn rows((_, rows): Size) -> NonZeroU16 {
    NonZeroU16::new(rows).unwrap()
}

fn winsize((columns, rows): Size) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn size_of((columns, rows): Size) -> rustix::termios::Winsize {
    rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
