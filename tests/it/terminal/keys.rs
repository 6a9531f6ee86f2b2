//! Questions, passwords, and keys that nobody asked for.

use super::{WIDE, copying, leoflow};
use crate::support::Home;
use crate::support::terminal::Terminal;

/// A project for a server that is not this machine: it is asked whether that is meant.
fn asked(home: &Home) -> Terminal {
    home.project("etl_sales");
    let arguments = ["deploy", "etl_sales", "--server", "https://pro.example.com", "--token", "t", "--registry", "127.0.0.1:1"];
    let terminal = Terminal::start(&leoflow(home, &arguments), WIDE);
    terminal.shows(|screen| screen.contains("[y/N]"));
    terminal
}

#[test]
fn an_answer_is_seen_and_anything_but_yes_is_no() {
    let home = Home::new();
    let mut terminal = asked(&home);
    terminal.types("nope\n");
    assert_eq!(terminal.ends(), Some(1));
    let question = "Deploy etl_sales -> https://pro.example.com? [y/N] nope\nNothing was done.";
    assert_eq!(terminal.everything(), question);
    assert!(terminal.echoes());
}

#[test]
fn ctrl_c_at_a_question_leaves_it_unanswered() {
    let home = Home::new();
    let mut terminal = asked(&home);
    terminal.types("\x03");
    assert_eq!(terminal.ends(), Some(130));
    let screen = terminal.everything();
    assert!(screen.starts_with("Deploy etl_sales -> https://pro.example.com? [y/N]\nerror: interrupted before"), "{screen}");
    assert!(terminal.echoes() && terminal.has_cursor());
}

#[test]
fn a_password_is_not_seen_and_what_is_typed_thereafter_is() {
    let home = Home::new();
    let arguments = ["auth", "login", "--server", "http://127.0.0.1:1", "--username", "ann"];
    for (keys, code) in [("s3cret\n", Some(8)), ("s3c\x03", Some(130))] {
        let mut terminal = Terminal::start(&leoflow(&home, &arguments), WIDE);
        terminal.shows(|screen| screen.contains("assword"));
        terminal.types(keys);
        let ended = terminal.ends();
        assert!(ended.is_some() && (ended == code || code == Some(8)), "{ended:?}:\n{}", terminal.everything());
        assert!(!terminal.everything().contains("s3c"), "{}", terminal.everything());
        assert!(terminal.echoes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_asked_for_shift_nothing() {
    let home = Home::new();
    let (mut terminal, _registries) = copying(&home, WIDE, &[]).await;
    terminal.shows(|screen| screen.matches("Copying").count() == 4);
    terminal.types("ls\n\n\nwho\n");
    terminal.resize((70, 24));
    terminal.resize(WIDE);
    terminal.types("\x03");
    assert_eq!(terminal.ends(), Some(130));
    let all = terminal.everything();
    assert_eq!(all.lines().count(), 2, "{all}");
}
