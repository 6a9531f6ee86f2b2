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
//! <!-- test: wheel pandas 2.1.0 12MiB numpy -->                      from here on: a package of that size, and no index
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
use clap::error::ErrorKind;

use self::page::{Item, Mark, Step, Written};
use self::workspace::Workspace;

/// Marks of pages that hold no comments: before which command, and which.
const MARKS: &[(&str, &str, &str)] = &[
    ("README.md", "docker login ghcr.io", "parse-only because it needs an account"),
    ("README.md", "leoflow deploy testdata", "run rm -rf .local"),
    ("docs/json.md", "leoflow deploy testdata", "sandbox"),
    ("docs/json.md", "leoflow deploy testdata", "run cp -r fan_out_in orders_mart dags/"),
    (
        "docs/json.md",
        "leoflow deploy --all dags",
        "run printf 'system_packages: [libpq5]\\n' >> dags/orders_mart/leoflow.yaml",
    ),
    ("docs/json.md", "leoflow deploy --all dags", "fails 5"),
    ("docs/json.md", "leoflow graph dag.json", "run leoflow deploy etl_sales --yes --spec-out dag.json"),
    ("docs/json.md", "leoflow lock", "wheel numpy 1.26.3"),
    (
        "docs/json.md",
        "leoflow lock",
        "run printf 'dependencies: [numpy]\\n' >> etl_sales/leoflow.yaml && leoflow lock etl_sales",
    ),
    ("docs/json.md", "leoflow lock", "wheel numpy 1.26.4"),
    ("docs/json.md", "leoflow auth login", "run echo secret > password.txt"),
    ("docs/json.md", "leoflow sandbox", "parse-only because it runs until Ctrl-C"),
    ("docs/json.md", "leoflow build", "run leoflow image copy REFERENCE oci:base.tar"),
    ("docs/json.md", "leoflow image copy", "run rm base.tar"),
    ("docs/json.md", "leoflow deploy --bogus", "fails 2"),
    ("docs/json.md", "leoflow deploy dags/fan_out_in", "run printf 'ownr: x\\n' >> dags/fan_out_in/leoflow.yaml"),
    ("docs/json.md", "leoflow deploy dags/fan_out_in", "fails 3"),
];
/// What a page shows as wrong.
const WRONG: &[&str] = &["--bogus"];

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

/// Fails unless the program would take these words. A sentence names a command and some of its flags, and not all.
fn understood(words: &[String], whole: bool) -> Result<(), String> {
    match leoflow::cli::command().try_get_matches_from(words) {
        _ if words.iter().any(|word| WRONG.contains(&word.as_str())) => Ok(()),
        Err(error) if !whole && error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
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
        for Written { line, command, whole } in page::every_command(&text) {
            for words in shell::leoflow_commands(&command) {
                if let Err(error) = understood(&words, whole) {
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
                understood(&words, true).unwrap_or_else(|error| faults.push(format!("{example}\n{error}")));
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
    let mut next = Next::default();
    for Item { line, mark, block } in page::items(&text) {
        if let Some(mark) = mark {
            next.heed(mark, &mut workspace);
            continue;
        }
        for mark in marks_of(name, &block) {
            next.heed(page::mark(mark, line), &mut workspace);
        }
        let Next { code, parse_only } = std::mem::take(&mut next);
        if !parse_only {
            workspace.run(&format!("{name}:{line}"), &block, code);
        }
    }
}

/// What marks say of the next block.
#[derive(Default)]
struct Next {
    code: i32,
    parse_only: bool,
}

impl Next {
    fn heed(&mut self, mark: Mark, workspace: &mut Workspace) {
        match mark {
            Mark::ParseOnly => self.parse_only = true,
            Mark::Fails(code) => self.code = code,
            Mark::Sandbox => workspace.start_sandbox(),
            Mark::In(directory) => workspace.enter(&directory),
            Mark::Run(command) => workspace.prepare(&command),
            Mark::File(path, text) => workspace.write(&path, &text),
            Mark::Wheel(name, version) => workspace.offer(&name, &version),
        }
    }
}

fn marks_of(page: &str, block: &[Step]) -> impl Iterator<Item = &'static str> {
    let first = block.first().map(|step| step.command.clone()).unwrap_or_default();
    let rows = MARKS.iter().filter(move |(of, start, _)| *of == page && first.starts_with(start));
    rows.map(|(_, _, mark)| *mark)
}

macro_rules! run_pages {
    ($($test:ident $page:literal),* $(,)?) => {
        const RUN: &[&str] = &[$($page),*];
        $(#[test] fn $test() { run($page); })*
    };
}

run_pages! {
    readme "README.md",
    index "docs/README.md",
    air_gap "docs/air-gap.md",
    authoring "docs/authoring.md",
    cache "docs/cache.md",
    ci "docs/ci.md",
    comparison "docs/comparison.md",
    completions_page "docs/completions.md",
    configuration "docs/configuration.md",
    deploy "docs/deploy.md",
    digest "docs/digest.md",
    doctor "docs/doctor.md",
    errors "docs/errors.md",
    events "docs/events.md",
    exit_codes "docs/exit-codes.md",
    first_deploy "docs/first-deploy.md",
    graph "docs/graph.md",
    init "docs/init.md",
    install "docs/install.md",
    json "docs/json.md",
    network "docs/network.md",
    packages_resolving "docs/packages-resolving.md",
    packages "docs/packages.md",
    plan "docs/plan.md",
    registries "docs/registries.md",
    run_page "docs/run.md",
    terminal_page "docs/terminal.md",
    sandbox "docs/sandbox.md",
    settings_page "docs/settings.md",
    testing "docs/testing.md",
    versions "docs/versions.md",
    workspace_page "docs/workspace.md",
}

#[test]
fn every_page_is_run() {
    let pages = pages().into_iter().map(|path| path.strip_prefix(root()).unwrap().display().to_string());
    let missing: Vec<String> = pages.filter(|page| !RUN.contains(&page.as_str())).collect();
    assert!(missing.is_empty(), "not in `run_pages!`: {missing:?}");
}

#[test]
fn every_mark_has_its_command() {
    for (page, start, _) in MARKS {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let mut firsts = page::items(&text).into_iter().filter_map(|item| item.block.into_iter().next());
        assert!(firsts.any(|step| step.command.starts_with(start)), "{page} has no `{start}`");
    }
}
