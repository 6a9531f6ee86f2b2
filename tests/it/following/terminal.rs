//! A run as one sees it on a terminal of 80 columns.

use crate::support::terminal::Terminal;
use crate::support::{Home, SandboxProcess};

use super::commands::{Bench, endless};

const NARROW: (u16, u16) = (80, 24);

#[test]
fn what_runs_stands_in_a_live_line_and_what_has_ended_in_one_of_its_own() {
    let home = Home::new();
    home.project("etl_sales");
    let mut command = home.leoflow();
    command.args(["deploy", "etl_sales", "--sandbox", "--trigger", "--wait"]).env("TERM", "xterm");
    let mut terminal = Terminal::start(&command, NARROW);
    assert_eq!(terminal.ends(), Some(0));
    let (all, output) = (terminal.everything(), terminal.output());
    let tasks: Vec<&str> =
        all.lines().filter_map(|line| line.trim().strip_prefix("Task  ")?.split(" (").next()).collect();
    assert_eq!(tasks, ["extract success", "transform success", "load success"], "{all}");
    assert!(output.contains("2 of 3 tasks done, load running"), "{output}");
    assert!(!all.contains("Following") && terminal.has_cursor() && terminal.echoes(), "{all}");
}

#[test]
fn ctrl_c_leaves_what_is_known_and_how_to_go_on() {
    let bench = Bench::new(endless);
    let mut command = bench.home.leoflow();
    command.args(bench.deploy(&[])).env("TERM", "xterm");
    let mut terminal = Terminal::start(&command, NARROW);
    terminal.shows(|screen| screen.contains("Following"));
    terminal.types("\x03");
    assert_eq!(terminal.ends(), Some(130));
    let all = terminal.everything();
    assert!(all.contains("Deployed etl_sales") && !all.contains("Following") && !all.contains('^'), "{all}");
    assert!(all.contains("leoflow wait etl_sales manual__"), "{all}");
}

#[test]
fn a_doctors_words_have_colours_on_a_terminal_and_lines_that_do_not_wrap() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    for (no_color, expected) in [(None, true), (Some("1"), false)] {
        let mut command = home.leoflow();
        command.args(["doctor", "--server", &sandbox.control_plane, "--token", "t"]).env("TERM", "xterm");
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        let mut terminal = Terminal::start(&command, NARROW);
        assert_eq!(terminal.ends(), Some(0));
        let (all, output) = (terminal.everything(), terminal.output());
        assert_eq!(output.contains("\u{1b}[32mok"), expected, "{output:?}");
        let lines: Vec<&str> = all.lines().collect();
        assert!(lines[0].starts_with("ok    program   leoflow") && lines.last().unwrap().contains("checks: "), "{all}");
        let starts = ["ok  ", "warn", "fail", "    "];
        let checks = lines.iter().filter(|line| !line.is_empty() && !line.contains("checks: "));
        assert!(
            checks.clone().count() > 10
                && checks.clone().all(|line| starts.iter().any(|start| line.starts_with(start))),
            "{all}"
        );
    }
}
