//! Every command in README and docs is run, or says why it cannot be; what a page shows of its output holds.
//!
//! A page is one workspace: its blocks run in their order, beside copies of `testdata/projects`. HTML comments in the page
//! say what a reader would do or have there:
//!
//! ```text
//! <!-- test: parse-only because it needs an account of a cloud -->   the next block: its words are checked, it is not run
//! <!-- test: fails 3 -->                                             the next block: its last command ends with 3
//! <!-- test: sandbox -->                                             from here on: a server, a registry, and who is logged in
//! <!-- test: in dags -->                                             from here on: the directory
//! <!-- test: run git init -->                                        a command that the page does not show
//! <!-- test: file dags/sales.py
//! …
//! -->                                                                a file that the page does not show
//! ```

mod compare;
mod page;
mod shell;
mod workspace;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;

use self::page::{Item, Mark};
use self::workspace::Workspace;

/// What cannot be run of pages that hold no comments: how it begins, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// Fails unless the program would take the words behind `leoflow`; an error of this program's own (help, version) is fine.
fn understood(words: &[String]) -> Result<(), String> {
    match leoflow::cli::command().try_get_matches_from(words) {
        Err(error) if error.use_stderr() => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[test]
fn every_command_that_is_written_down_is_understood() {
    let mut faults = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        for (line, command) in page::every_command(&text) {
            for words in shell::leoflow_commands(&command) {
                if let Err(error) = understood(&words) {
                    faults.push(format!("{name}:{line}: {command}\n{error}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_example_of_a_help_is_understood() {
    let mut pending: Vec<Command> = vec![leoflow::cli::command()];
    let (mut seen, mut faults) = (0, Vec::new());
    while let Some(command) = pending.pop() {
        pending.extend(command.get_subcommands().cloned());
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for example in page::joined(&help).iter().map(|line| line.trim()) {
            // What it does stands behind two blanks.
            let example = example.split("  ").next().unwrap_or_default();
            for words in shell::leoflow_commands(example) {
                seen += 1;
                understood(&words).unwrap_or_else(|error| faults.push(format!("{example}\n{error}")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 30, "only {seen} examples were found");
}

/// Runs a page; what fails is told with its line.
fn run(name: &str) {
    let text = fs::read_to_string(root().join(name)).unwrap();
    let mut workspace = Workspace::new();
    let (mut fails, mut reason): (i32, Option<String>) = (0, None);
    for Item { line, mark, block } in page::items(&text) {
        match mark {
            Some(Mark::ParseOnly(why)) => reason = Some(why),
            Some(Mark::Fails(code)) => fails = code,
            Some(Mark::Sandbox) => workspace.start_sandbox(),
            Some(Mark::In(directory)) => workspace.enter(&directory),
            Some(Mark::Run(command)) => workspace.prepare(&command),
            Some(Mark::File(path, text)) => workspace.write(&path, &text),
            None => {
                let code = std::mem::take(&mut fails);
                if reason.take().is_none() {
                    let steps: Vec<_> =
                        block.into_iter().filter(|step| not_run(name, &step.command).is_none()).collect();
                    workspace.run(&format!("{name}:{line}"), &steps, code);
                }
            }
        }
    }
}

fn not_run(page: &str, command: &str) -> Option<&'static str> {
    let row = NOT_RUN.iter().find(|(of, start, _)| *of == page && command.starts_with(start));
    row.map(|(_, _, reason)| *reason)
}

macro_rules! run_pages {
    ($($test:ident $page:literal),* $(,)?) => {
        const RUN: &[&str] = &[$($page),*];
        $(#[test] fn $test() { run($page); })*
    };
}

run_pages! {
    readme "README.md",
    air_gap "docs/air-gap.md",
    authoring "docs/authoring.md",
    cache "docs/cache.md",
    comparison "docs/comparison.md",
    configuration "docs/configuration.md",
    deploy "docs/deploy.md",
    errors "docs/errors.md",
    exit_codes "docs/exit-codes.md",
    graph "docs/graph.md",
    json "docs/json.md",
    network "docs/network.md",
    packages "docs/packages.md",
    packages_resolving "docs/packages-resolving.md",
    plan "docs/plan.md",
    registries "docs/registries.md",
    sandbox "docs/sandbox.md",
    testing "docs/testing.md",
}

#[test]
fn every_page_is_run() {
    let pages = pages().into_iter().map(|path| path.strip_prefix(root()).unwrap().display().to_string());
    let missing: Vec<String> = pages.filter(|page| !RUN.contains(&page.as_str())).collect();
    assert!(missing.is_empty(), "not in `run_pages!`: {missing:?}");
}

#[test]
fn what_is_not_run_is_there() {
    for (page, start, reason) in NOT_RUN {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let found =
            page::items(&text).into_iter().flat_map(|item| item.block).any(|step| step.command.starts_with(start));
        assert!(found && !reason.is_empty(), "{page} has no `{start}`");
    }
}
