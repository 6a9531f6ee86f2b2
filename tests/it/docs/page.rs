//! Markdown into commands: those of blocks, with what the page shows of their output, and what stands in the text.

/// A mark or a block, in the order of the page.
pub struct Item {
    /// 1-based.
    pub line: usize,
    pub mark: Option<Mark>,
    pub block: Vec<Step>,
}

/// What a comment says to this test.
#[derive(Debug, PartialEq)]
pub enum Mark {
    ParseOnly(String),
    Fails(i32),
    Sandbox,
    In(String),
    Run(String),
    File(String, String),
}

/// A command, and the output that the page shows.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub command: String,
    pub shown: Vec<String>,
}

/// Returns marks, and the blocks that have commands of ours.
pub fn items(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let start = at;
        let line = lines[at];
        at += 1;
        if let Some(rest) = line.trim_start().strip_prefix("<!-- test:") {
            let mut comment = rest.to_owned();
            while !comment.contains("-->") && at < lines.len() {
                comment.push('\n');
                comment.push_str(lines[at]);
                at += 1;
            }
            let comment = comment.split("-->").next().unwrap_or_default();
            items.push(Item { line: start + 1, mark: Some(mark(comment, start + 1)), block: Vec::new() });
        } else if let Some(language) = line.trim_start().strip_prefix("```") {
            let body: Vec<&str> =
                lines[at..].iter().copied().take_while(|line| !line.trim_start().starts_with("```")).collect();
            at += body.len() + 1;
            push(&mut items, start + 1, steps(language.trim(), &body));
        } else if line.starts_with("    leoflow ") {
            let body: Vec<&str> = lines[start..].iter().copied().take_while(|line| line.starts_with("    ")).collect();
            at = start + body.len();
            let body: Vec<&str> = body.into_iter().map(str::trim_start).collect();
            push(&mut items, start + 1, steps("sh", &body));
        }
    }
    items
}

fn push(items: &mut Vec<Item>, line: usize, block: Vec<Step>) {
    if block.iter().any(|step| !super::shell::leoflow_commands(&step.command).is_empty()) {
        items.push(Item { line, mark: None, block });
    }
}

fn mark(text: &str, line: usize) -> Mark {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (word, argument) = first.trim().split_once(' ').unwrap_or((first.trim(), ""));
    match (word, argument) {
        ("parse-only", reason) if reason.starts_with("because ") => Mark::ParseOnly(reason.to_owned()),
        ("fails", code) => {
            Mark::Fails(code.parse().unwrap_or_else(|_| panic!("line {line}: `{code}` is no exit code")))
        }
        ("sandbox", "") => Mark::Sandbox,
        ("in", directory) => Mark::In(directory.to_owned()),
        ("run", command) => Mark::Run(command.to_owned()),
        ("file", path) => Mark::File(path.to_owned(), rest.to_owned()),
        _ => panic!("line {line}: `{}` means nothing; src/tests/it/docs.rs says what does", text.trim()),
    }
}

/// What a block has people type. Where lines begin with `$ `, the others are output.
fn steps(language: &str, body: &[&str]) -> Vec<Step> {
    let shows = body.iter().any(|line| line.starts_with("$ "));
    if !shows && !matches!(language, "sh" | "bash" | "shell" | "console") {
        return Vec::new();
    }
    let mut steps: Vec<Step> = Vec::new();
    for line in joined(&body.join("\n")) {
        match (line.strip_prefix("$ "), shows, steps.last_mut()) {
            (Some(command), _, _) => steps.push(Step { command: command.to_owned(), shown: Vec::new() }),
            (None, true, Some(step)) => step.shown.push(line),
            (None, true, None) => {}
            (None, false, _) => steps.push(Step { command: line, shown: Vec::new() }),
        }
    }
    steps
}

/// Lines, those that end in `\` with the next one.
pub fn joined(text: &str) -> Vec<String> {
    numbered(text).into_iter().map(|(_, line)| line).collect()
}

/// The same with the number of each one's first line.
fn numbered(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let (body, more) = line.strip_suffix('\\').map_or((line, false), |body| (body, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, last)) => last.push_str(body.trim_start()),
            None => lines.push((index + 1, body.to_owned())),
        }
        goes_on = more;
    }
    lines
}

/// Returns every command of ours with its line: of blocks in any language, and of text between backticks.
pub fn every_command(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fence) = (Vec::new(), false);
    for (at, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            fence = !fence;
        } else if fence || line.starts_with("    ") {
            found.extend(in_code(&line).map(|command| (at, command)));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).filter_map(in_text).map(|command| (at, command)));
        }
    }
    found
}

/// A line of code that is a command: of a shell, or behind what CI files write before one.
fn in_code(line: &str) -> Option<String> {
    let mut line = line.trim();
    for before in ["$ ", "- ", "run: ", "script: ", "sh '", "sh \"", "command: "] {
        line = line.strip_prefix(before).unwrap_or(line);
    }
    let ours = line.starts_with("leoflow ") || line.contains("$(leoflow ") || line.starts_with("cargo run");
    ours.then(|| line.trim_end_matches(['\'', '"']).to_owned())
}

/// Code in a sentence: what leaves something out is no command.
fn in_text(code: &str) -> Option<String> {
    let whole = code.starts_with("leoflow ") && !code.contains(['…', '|', '[']);
    whole.then(|| code.to_owned())
}

#[test]
fn blocks_are_taken_apart() {
    let text = "a\n<!-- test: fails 3 -->\n```console\n$ leoflow x \\\n    --y\nout\n\n$ cd z\n```\n```yaml\nleoflow: 1\n```\n\n    leoflow i  # j\n";
    let items = items(text);
    assert_eq!(items[0].mark, Some(Mark::Fails(3)));
    let step = |command: &str, shown: &[&str]| Step {
        command: command.to_owned(),
        shown: shown.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(items[1].block, [step("leoflow x --y", &["out", ""]), step("cd z", &[])]);
    assert_eq!((items[2].line, &items[2].block[..]), (14, &[step("leoflow i  # j", &[])][..]));
    assert_eq!(items.len(), 3);
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let text = "Say `leoflow a b`, not `leoflow c […]`.\n```yaml\n- run: leoflow d\n  - T=$(leoflow e)\n```\n";
    let found = every_command(text);
    let expected = [(1, "leoflow a b"), (3, "leoflow d"), (4, "T=$(leoflow e)")];
    assert_eq!(found, expected.map(|(line, command)| (line, command.to_owned())));
}
