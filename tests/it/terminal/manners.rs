//! Who wants no colours, no live lines, nothing at all, or everything.

use super::{WIDE, copying, leoflow};
use crate::support::Home;
use crate::support::terminal::Terminal;

/// How an escape sequence of a colour begins, and one that moves the cursor.
fn has_colours(output: &str) -> bool {
    regex::Regex::new("\x1b\\[[0-9;]*m").unwrap().is_match(output)
}

fn moves(output: &str) -> bool {
    regex::Regex::new("\x1b\\[[0-9;?]*[A-Zhl]").unwrap().is_match(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_and_live_lines_are_told_off_apart() {
    for (environment, colours, live) in [
        (&[][..], true, true),
        (&[("NO_COLOR", "1")], false, true),
        (&[("CLICOLOR", "0")], false, true),
        (&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], true, true),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, true),
        (&[("TERM", "dumb")], false, false),
        (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, false),
        (&[("CI", "true")], true, false),
    ] {
        let home = Home::new();
        let (mut terminal, registries) = copying(&home, WIDE, environment).await;
        if live {
            terminal.shows(|screen| screen.matches("Copying").count() == 4);
        } else {
            while registries.1.open_uploads() < 4 {
                tokio::task::yield_now().await;
            }
        }
        terminal.types("\x03");
        assert_eq!(terminal.ends(), Some(130));
        let output = terminal.output();
        assert_eq!((has_colours(&output), moves(&output)), (colours, live), "{environment:?}: {output:?}");
    }
}

#[test]
fn a_log_gets_lines_and_nothing_else() {
    for (forced, colours) in [(false, false), (true, true)] {
        let home = Home::new();
        home.project("etl_sales");
        let mut command = leoflow(&home, &["deploy", "etl_sales", "--sandbox"]);
        if forced {
            command.env("CLICOLOR_FORCE", "1");
        }
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((has_colours(&stderr), moves(&stderr), stderr.contains('\r')), (colours, false, false), "{stderr:?}");
        assert!(stderr.contains("Compiled"), "{stderr}");
    }
}

#[test]
fn quiet_is_nothing_but_the_result() {
    let home = Home::new();
    home.project("etl_sales");
    let mut terminal = Terminal::start(&leoflow(&home, &["deploy", "etl_sales", "--sandbox", "--quiet"]), WIDE);
    assert_eq!(terminal.ends(), Some(0));
    let output = terminal.output();
    assert!(output.starts_with("Deployed etl_sales -> ") && !output.contains('\x1b'), "{output:?}");
}

#[test]
fn verbose_tells_of_each_file_and_each_blob_and_when() {
    let home = Home::new();
    home.project("etl_sales");
    let ran = home.run(&["deploy", "etl_sales", "--sandbox", "--verbose"]).exits(0);
    let told = |word: &str, text: &str| {
        ran.stderr.lines().any(|line| line.trim_start().starts_with(word) && line.contains(text))
    };
    for (word, text) in [
        ("Packs", "home/leoflow/dag.py"),
        ("Blob", "B, sent"),
        ("Blob", "B, mounted"),
        ("Compiled", "3 tasks  (at "),
        ("Pushed", " s)"),
    ] {
        assert!(told(word, text), "`{word} … {text}` is missing in:\n{}", ran.stderr);
    }
    assert!(ran.stderr.contains("sha256:"), "{}", ran.stderr);
}
