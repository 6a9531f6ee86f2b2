//! `leoflow man`: a manual page for each command, made from what `--help` is made of. No date stands in them: the same
//! program writes the same bytes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use super::args::{Cli, ManArgs};
use super::exit::Exit;
use super::report::{Failure, reason};
use super::session::Session;

/// Whose pages they are.
const MANUAL: &str = "leoflow manual";

/// A page: its file's name, and its text.
struct Page {
    file: String,
    text: Vec<u8>,
}

pub(super) fn run(session: &Session, args: &ManArgs) -> Result<Exit, Failure> {
    let directory = session.environment.directory.join(&args.directory);
    let pages = pages()?;
    fs::create_dir_all(&directory).map_err(|error| unwritable(&directory, &error))?;
    for page in &pages {
        let path = directory.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| unwritable(&path, &error))?;
    }
    let text = format!("Wrote {} pages to {}\n", pages.len(), args.directory.display());
    let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
    session.print(&text, &json!({"schema": "leoflow.man/v1", "directory": directory, "files": files}))?;
    Ok(Exit::Success)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let help = "name a directory that you may write to, e.g. ~/.local/share/man/man1";
    Failure::new(Exit::System, format!("cannot write `{}`: {}", path.display(), reason(error)), Some(help.to_owned()))
}

/// Returns the pages of all commands, that of `leoflow` itself first.
fn pages() -> std::io::Result<Vec<Page>> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<Page>) -> std::io::Result<()> {
    let man = Man::new(command.clone()).source(concat!("leoflow ", env!("CARGO_PKG_VERSION"))).manual(MANUAL);
    pages.push(Page { file: man.get_filename(), text: page(&man, command)? });
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| add(below, pages))
}

fn page(man: &Man, command: &Command) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(after) = command.get_after_help() {
        text.extend(notes(&after.to_string()).into_bytes());
    }
    if command.get_name() == "leoflow" {
        text.extend(FILES.as_bytes());
    }
    Ok(text)
}

/// What stands below the help: examples keep their lines, what stands before them flows.
fn notes(after: &str) -> String {
    let (before, examples) = match after.find("Example") {
        Some(at) => after.split_at(at),
        None => (after, ""),
    };
    let mut text = String::new();
    if !before.trim().is_empty() {
        let mut roff = Roff::new();
        roff.control("SH", ["NOTES"]).text([roman(before.trim())]);
        text.push_str(&roff.to_roff());
    }
    if let Some((_, lines)) = examples.split_once('\n') {
        text.push_str(".SH EXAMPLES\n.nf\n");
        lines.lines().for_each(|line| drop(writeln!(text, "{}", as_typed(line))));
        text.push_str(".fi\n");
    }
    text
}

/// A line as it is typed: hyphens can be copied, and nothing is taken for a request.
fn as_typed(line: &str) -> String {
    format!("\\&{}", line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga"))
}

const FILES: &str = r#".SH FILES
.TP
\fI~/.leoflow/config.yaml\fR
Servers, tokens, targets, mirrors, package indexes; \fBleoflow config show\fR tells what counts.
.TP
\fI~/.cache/leoflow\fR
What was fetched or made before; it may be removed at any time.
.SH "EXIT STATUS"
0 success, 1 failure, 2 usage or settings, 3 project, 4 dag.py does not compile, 5 packages, 6 registry,
7 control plane, 8 pushed but not registered, 9 this machine, 10 changes (with \fB\-\-exit\-code\fR),
11 the run failed, 12 the run did not end in time, 130 interrupted.
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_copied_as_they_are_typed() {
        let text = notes("It is so.\n\nExamples:\n  leoflow a --b 'c' \\\n      .d\n");
        let expected =
            ".SH NOTES\nIt is so.\n.SH EXAMPLES\n.nf\n\\&  leoflow a \\-\\-b \\(aqc\\(aq \\e\n\\&      .d\n.fi\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn each_command_has_a_page_and_each_page_examples() {
        let pages = pages().unwrap();
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(files[0], "leoflow.1");
        assert!(files.contains(&"leoflow-image-copy.1") && files.contains(&"leoflow-deploy.1"), "{files:?}");
        for page in &pages {
            let text = String::from_utf8_lossy(&page.text);
            assert!(text.contains(".SH EXAMPLES"), "{}", page.file);
        }
    }
}
