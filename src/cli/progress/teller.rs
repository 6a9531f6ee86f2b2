//! The one place that writes to stderr while a command runs, and the thread that keeps it up to date.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Mode;
use super::pace::Pace;
use super::scene::Scene;
use super::screen::Screen;
use super::style::{Style, painted};
use super::told::Told;
use crate::cli::terminal;

/// How often live lines are drawn, at most.
const TICK: Duration = Duration::from_millis(100);

/// Tells what stays, and draws what is live.
pub(super) struct Teller {
    pub(super) mode: Mode,
    pub(super) verbose: bool,
    /// When the command began.
    began: Instant,
    state: Mutex<State>,
}

struct State {
    scene: Scene,
    screen: Screen,
    pace: Pace,
    /// Whether the thread runs.
    is_ticking: bool,
}

impl Teller {
    pub(super) fn new(to: Box<dyn Write + Send>, mode: Mode, verbose: bool, colours: bool) -> Self {
        let now = Instant::now();
        let (scene, screen) = (Scene::default(), Screen::new(to, colours));
        let state = State { scene, screen, pace: Pace::new(now), is_ticking: false };
        Self { mode, verbose: verbose && mode != Mode::Quiet, began: now, state: Mutex::new(state) }
    }

    /// Tells what stays, above what is live.
    pub(super) fn tell(&self, told: &Told<'_>) {
        if !self.wants(told) {
            return;
        }
        let (now, mut state) = (Instant::now(), self.state());
        state.pace.told(now);
        // Nothing that was never drawn is drawn for this: a fast command shows no live lines at all.
        let live = if state.screen.is_empty() { Vec::new() } else { self.lines(&state.scene, now) };
        state.screen.tell(&self.text(told, now), live);
    }

    /// Tells what stays of one of several projects: no steps, but for who wants details.
    pub(super) fn tell_of_job(&self, job: u64, told: &Told<'_>) {
        let Some(name) = self.change(|scene, _| scene.jobs.get(&job).map(|job| job.name.clone())) else { return };
        match told {
            Told::Step(word, what) => self.tell(&Told::Detail(word, &format!("{name}: {what}"))),
            Told::Detail(word, what) => self.tell(&Told::Detail(word, &format!("{name}: {what}"))),
            Told::Line(text) => self.tell(&Told::Line(text)),
            Told::Report(report, level) => self.tell(&Told::Report(&report.of(&name), level.clone())),
            Told::Error(report) => self.tell(&Told::Error(&report.of(&name))),
        }
    }

    fn wants(&self, told: &Told<'_>) -> bool {
        match told {
            Told::Error(_) => true,
            Told::Detail(..) => self.verbose,
            _ => self.mode != Mode::Quiet,
        }
    }

    fn text(&self, told: &Told<'_>, now: Instant) -> String {
        // Who asked for everything gets whole names.
        let columns = (self.mode == Mode::Live && !self.verbose).then(|| terminal::size().columns - 1);
        let text = told.text(columns);
        match told {
            Told::Step(word, _) if self.verbose && !word.is_empty() => {
                let at = now.saturating_duration_since(self.began).as_secs_f64();
                format!("{text}  {}", painted(Style::Detail, &format!("(at {at:.2} s)")))
            }
            _ => text,
        }
    }

    /// Takes note of what is in flight; it is drawn within a tenth of a second.
    pub(super) fn change<T>(&self, note: impl FnOnce(&mut Scene, Instant) -> T) -> T {
        note(&mut self.state().scene, Instant::now())
    }

    /// Sees to it that what is in flight is drawn.
    pub(super) fn keep_telling(self: &Arc<Self>) {
        let is_ticking = std::mem::replace(&mut self.state().is_ticking, true);
        if is_ticking || self.mode == Mode::Quiet {
            return;
        }
        let teller = Arc::downgrade(self);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let Some(teller) = teller.upgrade() else { return };
                teller.tick(Instant::now());
            }
        });
    }

    /// Draws what is in flight, or writes a line of it into the log if there was none for long.
    pub(super) fn tick(&self, now: Instant) {
        let mut state = self.state();
        state.scene.look(now);
        match self.mode {
            Mode::Quiet => {}
            Mode::Live => {
                let lines = self.lines(&state.scene, now);
                state.screen.draw(lines);
            }
            Mode::Plain => {
                let Some((word, what)) = state.scene.in_a_line(now) else { return };
                if state.pace.is_due(now) {
                    state.screen.tell(&Told::Step(word, &what).text(None), Vec::new());
                }
            }
        }
    }

    /// Returns the live lines; none while another program has the terminal.
    fn lines(&self, scene: &Scene, now: Instant) -> Vec<String> {
        if self.mode != Mode::Live || !terminal::is_ours() {
            return Vec::new();
        }
        let size = terminal::size();
        scene.lines(now, size.columns - 1, size.rows - 1)
    }

    /// Forgets what is in flight, and removes it from the screen.
    pub(super) fn clear(&self) {
        let mut state = self.state();
        state.scene.clear();
        state.screen.clear();
    }

    /// Wipes out what the terminal has shown in this line on its own.
    pub(super) fn wipe(&self) {
        if self.mode == Mode::Live {
            self.state().screen.wipe();
        }
    }

    pub(super) fn aside<T>(&self, something: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        state.screen.clear();
        something()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
