//! Every block of docs/authoring.md does what the page says.

use super::{describe_error, execute};

#[test]
fn the_pages_blocks_do_what_it_says() {
    let page = include_str!("../../../docs/authoring.md");
    let blocks: Vec<&str> =
        page.split("```python\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect();
    assert!(blocks.len() >= 8, "{}", blocks.len());
    blocks.into_iter().for_each(check);
}

/// A block runs, or fails in the line that says so with what it says.
#[track_caller]
fn check(block: &str) {
    let told = block.lines().enumerate().find_map(|(at, line)| Some((at + 1, line.split_once("# error: ")?.1)));
    match (execute(&[("dag.py", block)]), told) {
        (Ok(_), None) => {}
        (Err(error), Some((line, text))) => {
            let found = describe_error(&error, 0);
            assert!(
                found.starts_with(&format!("line {line}: ")) && found.contains(text),
                "{found}\n--- of ---\n{block}"
            );
        }
        (Ok(_), Some((_, text))) => panic!("it compiled instead of `{text}`\n--- of ---\n{block}"),
        (Err(error), None) => panic!("{}\n--- of ---\n{block}", describe_error(&error, 0)),
    }
}
