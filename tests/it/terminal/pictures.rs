//! The pictures and the recording in `docs/captures`: each is a real run. They are compared with what is shown today, but
//! for what differs from run to run; `UPDATE_GOLDEN=1` makes them anew.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{WIDE, is_upload, leoflow, masked, put_image};
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::Interruption;
use crate::support::terminal::Terminal;
use crate::support::{Home, picture};

/// Tall enough for all that the main job says.
const TALL: (u16, u16) = (80, 32);
/// Between two keys, so that one can follow.
const KEYSTROKE: Duration = Duration::from_millis(45);

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/captures").join(name)
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Lines without what differs from run to run; steps that run side by side come in any order. A line that fills its row
/// goes on in the next one.
fn comparable(text: &str) -> Vec<String> {
    let full = |line: &str| line.chars().count() == usize::from(TALL.0);
    let lines = text.lines().map(|line| if full(line) { line.to_owned() } else { format!("{line}\n") });
    let whole = masked(&lines.collect::<String>());
    // How long it will take is not known at once.
    let without_rest = |line: &str| line.strip_suffix("  Ns left").unwrap_or(line).to_owned();
    let mut lines: Vec<String> = whole.lines().map(|line| without_rest(line.trim())).collect();
    lines.sort();
    lines
}

/// Fails unless a picture shows what the screen shows, or makes it anew.
#[track_caller]
fn check(name: &str, terminal: &Terminal) {
    let now = terminal.with_screen(picture::svg);
    if is_updating() {
        std::fs::write(capture(name), now).unwrap();
        return;
    }
    let then = std::fs::read_to_string(capture(name)).unwrap();
    let (then, now) = (picture::text(&then), picture::text(&now));
    assert_eq!(comparable(&then), comparable(&now), "{name} is out of date: UPDATE_GOLDEN=1 makes it anew");
}

/// A shell in a home with the project of the first deploy.
fn shell(home: &Home) -> Command {
    home.project("etl_sales");
    let program = Path::new(env!("CARGO_BIN_EXE_leoflow"));
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("HOME", home.path()).env("TERM", "xterm-256color").env("PS1", "$ ");
    command.env("PATH", program.parent().unwrap()).env("ENV", "").arg("-i").current_dir(home.path());
    command
}

#[test]
fn the_main_job() {
    let home = Home::new();
    let mut terminal = Terminal::start(&shell(&home), TALL);
    terminal.shows(|screen| screen.ends_with('$'));
    for key in "leoflow deploy etl_sales --sandbox\n".chars() {
        terminal.types(&key.to_string());
        if is_updating() {
            std::thread::sleep(KEYSTROKE);
        }
    }
    terminal.shows(|screen| screen.contains("For real:") && screen.ends_with('$'));
    check("deploy.svg", &terminal);
    record("first-run.cast", &terminal);
}

/// Fails unless a recording (asciinema's format, version 2) ends as the screen does, or makes it anew.
#[track_caller]
fn record(name: &str, terminal: &Terminal) {
    if is_updating() {
        let header = json!({"version": 2, "width": TALL.0, "height": TALL.1, "title": "leoflow deploy --sandbox",
                            "env": {"TERM": "xterm-256color", "SHELL": "/bin/sh"}});
        let events = terminal.recording().into_iter().map(|(at, text)| json!([at.as_secs_f64(), "o", text]));
        let lines: String = std::iter::once(header).chain(events).map(|line| format!("{line}\n")).collect();
        std::fs::write(capture(name), lines).unwrap();
        return;
    }
    let recorded = std::fs::read_to_string(capture(name)).unwrap();
    let mut parser = vt100::Parser::new(TALL.1.try_into().unwrap(), TALL.0.try_into().unwrap(), 0);
    for event in recorded.lines().skip(1) {
        let event: Value = serde_json::from_str(event).unwrap();
        parser.process(event[2].as_str().unwrap().as_bytes());
    }
    assert_eq!(comparable(&parser.screen().contents()), comparable(&terminal.screen()), "{name} is out of date");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_under_way() {
    let source = FakeRegistry::start().await;
    let layers: Vec<Vec<u8>> = (1..4).map(|number| vec![number; 9_000_000 + usize::from(number) * 4_500_000]).collect();
    put_image(&source, "platform/python", "py3.11", &layers);
    let slowly = Interruption::Sip(160 << 10, Duration::from_millis(20));
    let sink = FakeRegistry::interrupting(|_, _| None, move |request| is_upload(request).then(|| slowly.clone())).await;
    let home = Home::new();
    let project = home.project("etl_sales");
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(16_000_000).collect();
    std::fs::write(project.join("stores.parquet"), noise).unwrap();
    let (base, registry) = (format!("{}/platform/python:py3.11", source.host()), format!("{}/team", sink.host()));
    let arguments = ["deploy", "etl_sales", "--dag-version", "v1", "--packages-in-base", "--base", &base];
    let mut command = leoflow(&home, &arguments);
    command.args(["--registry", &registry, "--server", "http://127.0.0.1:1", "--token", "t"]);
    let mut terminal = Terminal::start(&command, WIDE);
    terminal.shows(|screen| screen.matches("MiB/s").count() == 5);
    check("pushing.svg", &terminal);
    terminal.types("\x03");
    assert_eq!(terminal.ends(), Some(130));
}
