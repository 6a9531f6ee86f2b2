//! Screens of 80 and of 40 columns, while something moves and when it is done.

use super::{NARROW, WIDE, copying, leoflow, masked};
use crate::support::Home;
use crate::support::terminal::Terminal;

/// Fails unless the screen is as expected, once what differs is hidden.
#[track_caller]
fn check(screen: &str, expected: &str) {
    let masked = masked(screen);
    assert_eq!(masked.trim_end(), expected.trim_end(), "\n{masked}\n");
}

/// Lines of steps, which stand on stderr: a word of ten letters, and what came of it.
fn steps(screen: &str) -> Vec<&str> {
    screen.lines().take_while(|line| !line.starts_with("Deployed")).collect()
}

#[test]
fn the_main_job_leaves_its_steps_and_its_result() {
    let home = Home::new();
    home.project("etl_sales");
    let mut terminal = Terminal::start(&leoflow(&home, &["deploy", "etl_sales", "--sandbox"]), WIDE);
    assert_eq!(terminal.ends(), Some(0), "{}", terminal.screen());
    let all = terminal.everything();
    let words: Vec<&str> = steps(&all).iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words.last(), Some(&"Registered"), "{all}");
    assert!(all.contains("\nDeployed etl_sales -> http://127.0.0.1:"), "{all}");
    assert!(terminal.has_cursor() && terminal.echoes());
}

#[test]
fn no_step_is_wider_than_the_terminal() {
    for size in [WIDE, NARROW] {
        let home = Home::new();
        home.project("etl_sales");
        let long = "日本語のとても長いプロジェクト名🦁/etl_sales-with-a-name-that-nobody-reads-to-its-end";
        std::fs::create_dir_all(home.path().join(long).parent().unwrap()).unwrap();
        std::fs::rename(home.path().join("etl_sales"), home.path().join(long)).unwrap();
        let arguments = ["deploy", long, "--sandbox", "--dag-version", "2026.11.23-with-a-very-long-suffix-of-its-own"];
        let mut terminal = Terminal::start(&leoflow(&home, &arguments), size);
        assert_eq!(terminal.ends(), Some(0), "{}", terminal.screen());
        let all = terminal.everything();
        let is_step = |line: &&str| line.starts_with(' ') || line.starts_with("Registered");
        assert!(steps(&all).iter().all(is_step), "a step goes on in the next line:\n{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_has_a_line_of_its_own() {
    let home = Home::new();
    let (terminal, _registries) = copying(&home, WIDE, &[]).await;
    let screen = terminal.shows(|screen| screen.matches("Copying").count() == 4 && screen.contains("blobs"));
    check(
        &screen,
        "
      Read  image 012345678901, 137.33 MiB
   Pushing  to 127.0.0.1:PORT/mirrors/platform/python  Ns
            0 of 7 blobs  NN%  N MiB of N MiB
   Copying  012345678901  NN%  N MiB of N MiB
   Copying  012345678901  NN%  N MiB of N MiB
   Copying  012345678901  NN%  N MiB of N MiB
   Copying  012345678901  NN%  N MiB of N MiB"
            .trim_start_matches('\n'),
    );
    assert!(!terminal.has_cursor());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_terminal_shows_what_matters_most() {
    let home = Home::new();
    let (terminal, _registries) = copying(&home, NARROW, &[]).await;
    let screen = terminal.shows(|screen| screen.matches("Copying").count() == 4 && screen.contains("blobs"));
    check(
        &screen,
        "
      Read  image 012345678901, 137.33 MiB
   Pushing  to 127.0.0…/platform/python
            0 of 7 blobs  NN%
   Copying  012345678901  NN%
   Copying  012345678901  NN%
   Copying  012345678901  NN%
   Copying  012345678901  NN%"
            .trim_start_matches('\n'),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_size_leaves_no_remains() {
    let home = Home::new();
    let (mut terminal, _registries) = copying(&home, WIDE, &[]).await;
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    for (size, amounts) in [((40, 24), 0), ((100, 10), 5), ((30, 5), 0), (WIDE, 5)] {
        terminal.resize(size);
        let lines = if size.1 < 8 { 2 } else { 4 };
        let is_drawn = |screen: &str| {
            screen.matches("Copying").count() == lines
                && screen.matches("Pushing").count() == 1
                && screen.matches(" MiB of").count() == amounts
                && screen.lines().all(|line| line.chars().count() < usize::from(size.0))
        };
        let screen = terminal.shows(is_drawn);
        assert!(screen.lines().count() <= 7, "{size:?}:\n{screen}");
    }
}

#[test]
fn an_error_and_its_place_fit() {
    let home = Home::new();
    home.write("demo/leoflow.yaml", "dag_id: demo\nretires: 2 # how often a task is tried again, at most; the scheduler waits a while in between\n");
    home.write("demo/dag.py", "");
    let mut terminal = Terminal::start(&leoflow(&home, &["validate", "demo"]), WIDE);
    assert_ne!(terminal.ends(), Some(0));
    let screen = terminal.screen();
    let place = screen.lines().position(|line| line.contains("retires: 2")).unwrap();
    assert!(screen.lines().nth(place + 1).is_some_and(|line| line.contains("^^^^^^^")), "{screen}");
    assert!(screen.contains("error[E005]") && screen.contains("help: did you mean `retries`?"), "{screen}");
}
