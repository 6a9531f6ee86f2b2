//! Ctrl-C and Ctrl-Z: the screen is clean, and the terminal as it was.

use super::{WIDE, copying, leoflow};
use crate::support::Home;
use crate::support::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_a_clean_screen() {
    let home = Home::new();
    let (mut terminal, _registries) = copying(&home, WIDE, &[]).await;
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    assert!(!terminal.echoes() && !terminal.has_cursor());
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), Some(130));
    let lines: Vec<String> = terminal.everything().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("      Read  image "), "{lines:#?}");
    assert_eq!(lines[1..], ["error: interrupted"], "{lines:#?}");
    assert!(terminal.echoes() && terminal.has_cursor());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_twice_leaves_one_as_well() {
    let home = Home::new();
    let (mut terminal, _registries) = copying(&home, WIDE, &[]).await;
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    terminal.types(CTRL_C);
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), Some(130));
    let all = terminal.everything();
    assert!(!all.contains("Copying") && !all.contains('^'), "{all}");
    assert!(terminal.echoes() && terminal.has_cursor());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_z_leaves_a_clean_screen_and_everything_goes_on_after_it() {
    let home = Home::new();
    let registries = super::source_and_sink(6).await;
    let from = format!("{}/platform/python:py3.11", registries.0.host());
    let to = format!("{}/mirrors/python:py3.11", registries.1.host());
    // A shell with job control: it goes on when its job stops, and brings it back when somebody presses Enter.
    let script = "\"$0\" image copy \"$1\" \"$2\"; echo stopped; read -r _; fg >/dev/null";
    let mut command = leoflow(&home, &[]);
    let program = command.get_program().to_owned();
    command = std::process::Command::new("/bin/sh");
    command.env_clear().env("HOME", home.path()).env("TERM", "xterm").env("PATH", "/usr/bin:/bin").current_dir(home.path());
    command.args(["-mc", script]).arg(program).args([&from, &to]);
    let mut terminal = Terminal::start(&command, WIDE);
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    terminal.types(CTRL_Z);
    let stopped = terminal.shows(|screen| screen.contains("stopped"));
    assert!(!stopped.contains("Copying") && terminal.has_cursor() && terminal.echoes(), "{stopped}");
    terminal.types("\n");
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), Some(130));
    let all = terminal.everything();
    assert!(!all.contains("Copying") && all.ends_with("error: interrupted"), "{all}");
    assert!(terminal.echoes() && terminal.has_cursor());
}
