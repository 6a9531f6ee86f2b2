//! As much of a shell's grammar as it takes to find the words behind `leoflow`.

/// Returns the words of every command of ours in a line, from `leoflow` on.
pub fn leoflow_commands(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    if let Some((_, inner)) = line.split_once("$(") {
        found.extend(leoflow_commands(inner.rsplit_once(')').map_or(inner, |(inner, _)| inner)));
    }
    for command in simple_commands(line) {
        let mut words = command.into_iter().skip_while(|word| is_assignment(word)).peekable();
        match words.peek().map(String::as_str) {
            Some("leoflow") => found.push(words.collect()),
            Some("cargo") => {
                let ours: Vec<String> = words.skip(1).skip_while(|word| word != "--").skip(1).collect();
                if line.contains("cargo run") && !ours.is_empty() {
                    found.push(std::iter::once("leoflow".to_owned()).chain(ours).collect());
                }
            }
            _ => {}
        }
    }
    found
}

fn is_assignment(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    word.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Words between `|`, `&`, `;`; redirections and comments are left out.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut command) = (Vec::new(), Vec::new());
    let mut word: Option<String> = None;
    let mut redirected = false;
    let mut rest = line.chars().peekable();
    let end = |word: &mut Option<String>, command: &mut Vec<String>, redirected: &mut bool| {
        if let Some(word) = word.take()
            && !std::mem::take(redirected)
        {
            command.push(word);
        }
    };
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                let quoted: String = rest.by_ref().take_while(|other| *other != c).collect();
                word.get_or_insert_default().push_str(&quoted);
            }
            '\\' => word.get_or_insert_default().extend(rest.next()),
            '#' if word.is_none() => break,
            '<' | '>' => {
                // A descriptor before it (`2>`) is no word.
                if word.as_deref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
                    word = None;
                }
                end(&mut word, &mut command, &mut redirected);
                redirected = true;
                while rest.peek().is_some_and(|next| matches!(next, '>' | '&')) {
                    rest.next();
                }
            }
            '|' | '&' | ';' => {
                end(&mut word, &mut command, &mut redirected);
                commands.push(std::mem::take(&mut command));
            }
            c if c.is_whitespace() => end(&mut word, &mut command, &mut redirected),
            c => word.get_or_insert_default().push(c),
        }
    }
    end(&mut word, &mut command, &mut redirected);
    commands.push(command);
    commands
}

#[test]
fn words_are_found() {
    let check = |line: &str, expected: &[&str]| {
        let found: Vec<String> = leoflow_commands(line).into_iter().map(|words| words.join("·")).collect();
        assert_eq!(found, expected, "{line}");
    };
    check("leoflow a b  # c", &["leoflow·a·b"]);
    check("X=1 leoflow a 'b c' > d 2>&1", &["leoflow·a·b c"]);
    check("T=$(leoflow a -u ci < p.txt)", &["leoflow·a·-u·ci"]);
    check("leoflow a | dot -Tpdf && leoflow b; ls", &["leoflow·a", "leoflow·b"]);
    check("cargo run -- deploy x", &["leoflow·deploy·x"]);
    check("cargo test", &[]);
    check("docker login ghcr.io", &[]);
    check("leoflow a &", &["leoflow·a"]);
}
