//! What the help says of each command, and that its examples are the command line as it is.

use clap::{Command, CommandFactory, Parser};

use super::Cli;

/// Returns each command with the words that lead to it.
fn commands() -> Vec<(Vec<String>, Command)> {
    let mut pending = vec![(vec!["leoflow".to_owned()], Cli::command().term_width(80).disable_help_subcommand(true))];
    let mut found = Vec::new();
    while let Some((path, command)) = pending.pop() {
        for below in command.get_subcommands() {
            let path = [path.clone(), vec![below.get_name().to_owned()]].concat();
            pending.push((path, below.clone().term_width(80)));
        }
        found.push((path, command));
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// Returns the command lines among the examples, each as its words: without what a shell does with them, and without the
/// remarks behind them.
fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace("\\\n", "");
    let commands = joined.lines().filter(|line| line.starts_with("  ") && !line.trim_start().starts_with('-'));
    commands.filter_map(|line| Some(words(&line[line.find("leoflow ")?..]))).collect()
}

fn words(line: &str) -> Vec<String> {
    let is_shell = |word: &&str| ["<", ">", ">>", "&", "|"].contains(word);
    let mut words = Vec::new();
    let mut rest = line;
    // Two spaces begin a remark; a line that was continued has more of them, before a flag.
    while let Some((word, after)) = rest.split_once(' ') {
        words.push(word);
        rest = after.trim_start();
        if after.starts_with(' ') && !rest.starts_with('-') {
            rest = "";
        }
    }
    words.push(rest);
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .take_while(|word| !is_shell(word))
        .map(|word| word.trim_end_matches(')').to_owned())
        .collect()
}

#[test]
fn each_command_has_examples_of_itself_that_it_understands() {
    for (path, command) in commands().into_iter().skip(1) {
        let help = command.get_after_help().unwrap_or_else(|| panic!("{path:?} has no example")).to_string();
        let examples = examples(&help[help.find("Example").unwrap_or_else(|| panic!("{path:?}: {help}"))..]);
        assert!(examples.iter().any(|words| words.starts_with(&path)), "{path:?} is in none of {examples:?}");
        for words in examples {
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{path:?}: {words:?}: {error}");
            }
        }
    }
}

#[test]
fn remarks_and_shells_are_no_part_of_an_example() {
    let text =
        "Examples:\n  leoflow a b --c    what for\n  X=$(leoflow d -p < e)\n  leoflow f \\\n      --g h\nSee leoflow";
    let expected: [&[&str]; 3] =
        [&["leoflow", "a", "b", "--c"], &["leoflow", "d", "-p"], &["leoflow", "f", "--g", "h"]];
    assert_eq!(examples(text), expected);
}

/// The help as a terminal of 80 columns shows it.
#[test]
fn help_is_what_it_was() {
    let mut text = String::new();
    for (path, mut command) in commands() {
        text.push_str(&format!("$ {} --help\n{}\n", path.join(" "), command.render_long_help()));
    }
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    insta::assert_snapshot!(text);
}
